import { type Activation, DECODED_ROWS } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import type { SimVlmWebGpuBackend } from './backend';
import { DIRECT_COLUMNS, DIRECT_ROWS, type DirectForm, directProgram } from './gemm-direct';
import { FEW_COLUMNS, type FewForm, fewProgram } from './gemm-few';
import { type FewQuantizedForm, fewQuantizedProgram } from './gemm-few-quantized';
import { DEPTH, type Epilogue, finishText, type GemmForm, type TileSide, tileProgram } from './gemm-tile';
import { folded, type Program } from './program';
import { perWord, type QuantizedForm } from './quantized';

type T = tf.TensorInfo;

/** A matrix product C[M, N] = A · B, or one of each batch. */
export interface Gemm {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly a: T;
  readonly b: T;
  /** Where it is given, it is added to each row. */
  readonly bias?: T | undefined;
  readonly c: T;
  /** What c gets of the product; default none. */
  readonly activation?: Activation;
  /** Where it is given, it gets what the activation is applied to. */
  readonly z?: T | undefined;
  /** What is around the product of a few rows: `decode-linear.ts`. */
  readonly around?: FewAround;
  /** A lies as [K, M]. */
  readonly transposeA?: boolean;
  /** B lies as [N, K]. */
  readonly transposeB?: boolean;
  /** Gets the sums along K of A, which is transposed, or of B, which is not. */
  readonly sums?: { readonly of: 'a' | 'b'; readonly to: T };
  /** B is a matrix of integers, `packed`, which lies as [N, K]; without `sums` and `batch`. */
  readonly quantized?: Quantized | undefined;
  /** How many products lie one behind the other, and whether A and B do too or are the same in all; without `sums`. */
  readonly batch?: { readonly count: number; readonly a: boolean; readonly b: boolean };
}

/** What belongs to `packed`: `QuantizedMatrix` of `@simvlm/core`. */
interface Quantized {
  readonly scales: T;
  readonly bits: 8 | 4;
  readonly group: number;
}

/** What a launch of a few rows does besides: layer norm before the product, an addition after it. */
interface FewAround {
  readonly norm?: { readonly gamma: T; readonly beta: T; readonly epsilon: number } | undefined;
  readonly residual?: T | undefined;
}

/** Fewer workgroups than this leave much of a graphics card idle. */
const ENOUGH_GROUPS = 64;
/** The least K that is worth a workgroup of its own. */
const LEAST_SPAN = 128;

/** Puts a product into the stream of commands. */
export function gemm(backend: SimVlmWebGpuBackend, product: Gemm): void {
  const { M, N, transposeA, sums, batch } = product;
  const isFew = M <= DECODED_ROWS && !transposeA && !sums && (batch?.count ?? 1) === 1;
  if (product.around && !isFew) throw new Error(`gemm: ${M} rows are not few`);
  if (isFew) (product.quantized ? fewQuantized : few)(backend, product);
  else if (backend.tiles === 'registers' && fitsDirect(product)) direct(backend, product);
  else if (sums || M * N > 0) tiled(backend, product);
}

/** Whether all is read and written by four. */
function fitsDirect({ M, N, K, transposeA }: Gemm): boolean {
  return M * N * K > 0 && K % 4 === 0 && N % 4 === 0 && (!transposeA || M % 4 === 0);
}

function direct(backend: SimVlmWebGpuBackend, product: Gemm): void {
  const { M, N, K, a, b, c, z, bias, sums, activation = 'none' } = product;
  const { transposeA = false, transposeB = false } = product;
  const { count = 1, a: manyA, b: manyB } = product.batch ?? {};
  const integers = integersOf(product);
  const form: DirectForm = {
    ...{
      transposeA,
      transposeB,
      sums: sums?.of,
      quantized: integers?.form,
      bias: bias !== undefined,
      activation,
      z: z !== undefined,
    },
  };
  for (const { first, many } of launchable(backend, count)) {
    backend.launch({
      program: directProgram(form),
      inputs: [a, b, ...(integers?.inputs ?? []), ...(bias ? [bias] : [])],
      outputs: [c, ...(z ? [z] : []), ...(sums ? [sums.to] : [])],
      uniforms: {
        ...{ M, N, K, first, aStep: manyA ? M * K : 0, bStep: manyB ? K * N : 0, cStep: M * N },
        ...integers?.uniforms,
      },
      groups: [Math.ceil(N / DIRECT_COLUMNS), Math.ceil(M / DIRECT_ROWS), many],
    });
  }
}

/** Batches by as many as one launch takes. */
function launchable({ mostGroups: most }: SimVlmWebGpuBackend, count: number) {
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => ({
    first: i * most,
    many: Math.min(most, count - i * most),
  }));
}

function tiled(backend: SimVlmWebGpuBackend, product: Gemm): void {
  const { M, N, K, a, b, c, z, bias, sums, activation = 'none' } = product;
  const { transposeA = false, transposeB = false } = product;
  const { count = 1, a: manyA, b: manyB } = product.batch ?? {};
  const side = groupsOf(M, N, 64) * count >= ENOUGH_GROUPS ? 64 : 32;
  const slabs = count > 1 ? 1 : slabsOf(groupsOf(M, N, side), K);
  const isSplit = slabs > 1;
  // Slabs are whole strips.
  const span = isSplit ? DEPTH * Math.ceil(K / slabs / DEPTH) : K;
  const byFour = (n: number) => n % 4 === 0 && M * N * K > 0;
  const integers = integersOf(product);
  const form: GemmForm = {
    ...{ side, transposeA, transposeB, sums: sums?.of, half: backend.found.precision === 'float16' },
    quantized: integers?.form,
    wide: { a: transposeA && byFour(M), b: !transposeB && byFour(N), c: byFour(N) },
    // What follows a sum follows where it is whole.
    ...{ bias: !isSplit && bias !== undefined, activation: isSplit ? 'none' : activation },
    z: !isSplit && z !== undefined,
  };
  const partial = isSplit ? backend.make([slabs, M, N], 'float32') : c;
  const partialSums = sums && (isSplit ? backend.make([slabs, sums.of === 'a' ? M : N], 'float32') : sums.to);
  for (const { first, many } of launchable(backend, isSplit ? slabs : count)) {
    backend.launch({
      program: tileProgram(form),
      inputs: [a, b, ...(integers?.inputs ?? []), ...(form.bias ? [bias!] : [])],
      outputs: [partial, ...(form.z ? [z!] : []), ...(partialSums ? [partialSums] : [])],
      uniforms: {
        ...{ M, N, K, first, aStep: manyA ? M * K : 0, bStep: manyB ? K * N : 0, cStep: M * N },
        ...{ kStep: isSplit ? span : 0, kSpan: span },
        ...integers?.uniforms,
      },
      // Sums there are of an empty product too.
      groups: [Math.max(1, Math.ceil(N / side)), Math.max(1, Math.ceil(M / side)), many],
    });
  }
  if (!isSplit) return;
  joinSlabs(backend, { partial, bias, activation, c, z, N, size: M * N, slabs });
  backend.disposeData(partial.dataId);
  if (!partialSums) return;
  const size = sums.of === 'a' ? M : N;
  joinSlabs(backend, { partial: partialSums, activation: 'none', c: sums.to, N: size, size, slabs });
  backend.disposeData(partialSums.dataId);
}

function few(backend: SimVlmWebGpuBackend, product: Gemm): void {
  const { M, N, K, a, b, c, z, bias, activation = 'none', transposeB = false, around = {} } = product;
  if (M * N === 0) return;
  const { norm, residual } = around;
  const byFour = (n: number) => n % 4 === 0 && K > 0;
  const form: FewForm = {
    ...{ rows: M, transposeB, wide: byFour(transposeB ? K : N), wideC: byFour(N) },
    ...{ bias: bias !== undefined, activation, z: z !== undefined },
    ...{ residual: residual !== undefined, norm: norm !== undefined },
  };
  backend.launch({
    program: fewProgram(form),
    inputs: [
      ...[a, b, ...(bias ? [bias] : [])],
      ...[...(norm ? [norm.gamma, norm.beta] : []), ...(residual ? [residual] : [])],
    ],
    outputs: [c, ...(z ? [z] : [])],
    uniforms: {
      ...{ N, kCount: form.wide && transposeB ? K / 4 : K },
      ...(norm && { epsilonF: norm.epsilon }),
    },
    groups: [Math.ceil(N / FEW_COLUMNS), 1, 1],
  });
}

function fewQuantized(backend: SimVlmWebGpuBackend, product: Gemm): void {
  const { M, N, K, a, b, c, bias, activation = 'none', around = {} } = product;
  if (M * N === 0) return;
  const { norm, residual } = around;
  const { form: integers, inputs, uniforms } = integersOf(product)!;
  const perQuad = 4 * perWord(integers.bits);
  const form: FewQuantizedForm = {
    ...{ ...integers, rows: M, exact: K > 0 && K % perQuad === 0, wideC: N % 4 === 0 },
    ...{ bias: bias !== undefined, activation, z: false },
    ...{ residual: residual !== undefined, norm: norm !== undefined },
  };
  backend.launch({
    program: fewQuantizedProgram(form),
    inputs: [
      ...[a, b, ...inputs, ...(bias ? [bias] : [])],
      ...[...(norm ? [norm.gamma, norm.beta] : []), ...(residual ? [residual] : [])],
    ],
    outputs: [c],
    uniforms: {
      ...{ N, K, kCount: form.exact ? K / 4 : K, quads: Math.ceil(K / perQuad), ...uniforms },
      ...(norm && { epsilonF: norm.epsilon }),
    },
    groups: [Math.ceil(N / FEW_COLUMNS), 1, 1],
  });
}

/** What a program of B as integers is told besides. */
function integersOf({ K, quantized }: Gemm) {
  if (!quantized) return undefined;
  const { scales, bits, group } = quantized;
  const groups = Math.ceil(K / group);
  return {
    form: { bits, grouped: groups > 1 } satisfies QuantizedForm,
    inputs: [scales],
    uniforms: { words: Math.ceil(K / perWord(bits)), groups, group },
  };
}

function groupsOf(M: number, N: number, side: TileSide): number {
  return Math.ceil(M / side) * Math.ceil(N / side);
}

/**
 * Into how many slabs K is cut, each of workgroups of its own: of gradients of weights the matrix is small and K, all tokens, is long.
 * It depends on the shapes alone, and what slabs give is added in their order, so that a sum is the same in every run.
 */
function slabsOf(groups: number, K: number): number {
  if (groups >= ENOUGH_GROUPS) return 1;
  return Math.max(1, Math.min(Math.ceil(ENOUGH_GROUPS / groups), Math.floor(K / LEAST_SPAN)));
}

interface Slabs {
  readonly partial: T;
  readonly bias?: T | undefined;
  readonly activation: Activation;
  readonly c: T;
  readonly z?: T | undefined;
  readonly N: number;
  readonly size: number;
  readonly slabs: number;
}

/** The sum of the slabs, and what follows it. */
function joinSlabs(backend: SimVlmWebGpuBackend, given: Slabs): void {
  const { partial, bias, activation, c, z, N, size, slabs } = given;
  if (size === 0) return;
  backend.launch({
    program: slabProgram({ bias: bias !== undefined, activation, z: z !== undefined }),
    inputs: [partial, ...(bias ? [bias] : [])],
    outputs: [c, ...(z ? [z] : [])],
    uniforms: { N, size, slabs },
    groups: folded(Math.ceil(size / 64), backend.device.limits.maxComputeWorkgroupsPerDimension),
  });
}

function slabProgram(form: Epilogue): Program {
  return {
    key: `gemm-slabs ${JSON.stringify(form)}`,
    reads: { partial: 'f32', ...(form.bias && { bias: 'f32' as const }) },
    writes: { c: 'f32', ...(form.z && { zs: 'f32' as const }) },
    uniforms: ['N', 'size', 'slabs'],
    workgroup: [64, 1, 1],
    code: () => `
${finishText(form, 'f32')}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let at = groupIndex * 64 + lane;
  if (at >= u.size) { return; }
  var sum = 0.0;
  for (var slab = 0u; slab < u.slabs; slab++) { sum += partial[slab * u.size + at]; }
  finish(at, at % u.N, sum);
}`,
  };
}
