/**
 * Linear maps, tables and whole matrices of integers, which become numbers where they are used. `R` rows, `I` inputs, `O` outputs.
 *
 *     up to 8 rows       one launch with norm and residual, four words at a time        gemm-few-quantized.ts
 *     more               numbers are made as a tile's strip is brought in               gemm-tile.ts, gemm-direct.ts
 */
import {
  DECODE_QUANTIZED,
  type DecodeQuantizedAttrs,
  fusedKernel,
  type QuantizedAttrs,
  type QuantizedLinearAttrs,
} from '@simvlm/ops';
import { gemm } from '../gemm';
import { folded, type Program } from '../program';
import { integerReads, integerText, integerUniforms, perWord } from '../quantized';
import { kernel, type Of, type SimVlmWebGpuBackend, sizeOf, type T, type WebGpuKernel } from './kernel';

const THREADS = 256;

/** Rows of the matrix, those of `ids` where they are given, as numbers: q · scale, rounded once. */
const rowsProgram = (bits: 8 | 4, chosen: boolean): Program => ({
  key: `quantized-rows ${bits} ${chosen}`,
  reads: { ...integerReads, ...(chosen && { ids: 'i32' as const }) },
  writes: { y: 'f32' },
  uniforms: ['V', 'inputs', 'size', ...integerUniforms],
  workgroup: [THREADS, 1, 1],
  code: () => `
${integerText(bits)}
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let at = index * ${THREADS} + lane;
  if (at >= u.size) { return; }
  let i = at % u.inputs;
  // A negative id is a large one.
  let row = ${chosen ? 'u32(ids[at / u.inputs])' : 'at / u.inputs'};
  if (row < u.V) { y[at] = integer(row, i) * scales[row * u.groups + i / u.group]; } else { y[at] = 0.0; }
}`,
});

function rows(b: SimVlmWebGpuBackend, matrix: Of<'packed' | 'scales'>, attrs: QuantizedAttrs, ids?: T): T[] {
  const { inputs, bits, group } = attrs;
  const { packed, scales } = matrix;
  const V = packed.shape[0]!;
  const y = b.make([...(ids ? ids.shape : [V]), inputs], 'float32');
  const size = sizeOf(y.shape);
  b.launch({
    program: rowsProgram(bits, ids !== undefined),
    ...{ inputs: [packed, scales, ...(ids ? [ids] : [])], outputs: [y] },
    uniforms: {
      ...{
        V,
        inputs,
        size,
        group,
        words: Math.ceil(inputs / perWord(bits)),
        groups: Math.ceil(inputs / group),
      },
    },
    groups: folded(Math.ceil(size / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  return [y];
}

export const quantizedEmbedding: WebGpuKernel = kernel<Of<'packed' | 'scales' | 'ids'>, QuantizedAttrs>(
  fusedKernel.quantizedEmbedding,
  (b, { ids, ...matrix }, attrs) => rows(b, matrix, attrs, ids),
);

export const dequantize: WebGpuKernel = kernel<Of<'packed' | 'scales'>, QuantizedAttrs>(
  fusedKernel.dequantize,
  (b, matrix, attrs) => rows(b, matrix, attrs),
);

type Inputs = Of<'x' | 'packed' | 'scales'> & Partial<Of<'b' | 'gamma' | 'beta' | 'residual'>>;

function product(
  backend: SimVlmWebGpuBackend,
  { x, packed, scales, b: bias, gamma, beta, residual }: Inputs,
  { inputs: K, bits, group, activation, epsilon }: QuantizedLinearAttrs & { readonly epsilon?: number },
): T {
  const leading = x.shape.slice(0, -1);
  const N = packed.shape[0]!;
  const c: T = backend.make([...leading, N], 'float32');
  gemm(backend, {
    ...{ M: sizeOf(leading), N, K, a: x, b: packed, transposeB: true, bias, activation, c },
    quantized: { scales, bits, group },
    ...(epsilon !== undefined && {
      around: { residual, norm: gamma && beta && { gamma, beta, epsilon } },
    }),
  });
  return c;
}

export const quantizedLinear: WebGpuKernel = kernel<Inputs, QuantizedLinearAttrs>(
  fusedKernel.quantizedLinear,
  (backend, inputs, attrs) => [product(backend, inputs, attrs)],
);

export const decodeQuantized: WebGpuKernel = kernel<Inputs, DecodeQuantizedAttrs>(
  DECODE_QUANTIZED,
  (backend, inputs, attrs) => product(backend, inputs, attrs),
);
