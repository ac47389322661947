import { fusedKernel, type QuantizedAttrs, type QuantizedLinearAttrs } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import { gemmOfPanels } from '../gemm';
import type { WasmRuntime } from '../runtime';
import { CODES } from './activation-codes';
import { defineFused } from './define';
import { grainOf, sizeOf } from './grain';

/** Rows of x up to which integers are made numbers in registers, again for each row: a panel of them would cost more than it saves. */
const FEW_ROWS = 4;

/** Outputs whose numbers are made at a time, so that the caches hold them; a multiple of 8. */
const STRIP = 256;

/** I, bits, group, words in a row, groups in a row: what the kernels are told of a matrix. */
function formOf(packed: tf.TensorInfo, scales: tf.TensorInfo, { inputs, bits, group }: QuantizedAttrs) {
  return [inputs, bits, group, packed.shape[1]!, scales.shape[1]!];
}

export const quantizedLinear = defineFused<'x' | 'packed' | 'scales' | 'b?', QuantizedLinearAttrs>(
  fusedKernel.quantizedLinear,
  ({ x, packed, scales, b }, attrs, backend) => {
    const { inputs, activation } = attrs;
    const outputs = packed.shape[0]!;
    const rows = sizeOf(x.shape.slice(0, -1));
    const shape = [...x.shape.slice(0, -1), outputs];
    const z = backend.output(shape);
    const bias = b ? backend.pointer(b) : 0;
    const matrix = [backend.pointer(packed), backend.pointer(scales)];
    const form = formOf(packed, scales, attrs);
    if (rows <= FEW_ROWS) {
      const [width, ...rest] = form as [number, ...number[]];
      const tensors = [backend.pointer(x), ...matrix, bias, backend.pointer(z)];
      const args = [...tensors, rows, width, outputs, ...rest];
      backend.runJob('quantizedFewRows', Math.ceil(outputs / 4), args, grainOf((rows * inputs) / 4));
    } else {
      manyRows(backend.runtime, {
        ...{ matrix, form, outputs, inputs, rows, bias },
        ...{ x: backend.pointer(x), y: backend.pointer(z) },
      });
    }
    if (activation === 'none') return [z];
    const y = backend.output(shape);
    const given = [CODES[activation], backend.pointer(z), backend.pointer(y)];
    backend.runJob('fusedActivation', rows * outputs, given, grainOf(2));
    backend.disposeIntermediateTensorInfo(z);
    return [y];
  },
);

interface ManyRows {
  /** Addresses of the words and of the scales. */
  readonly matrix: readonly number[];
  readonly form: readonly number[];
  readonly outputs: number;
  readonly inputs: number;
  readonly rows: number;
  readonly bias: number;
  readonly x: number;
  readonly y: number;
}

/** A strip of outputs at a time: its panels are made numbers, then multiplied. The numbers of the whole matrix never exist. */
function manyRows(runtime: WasmRuntime, { matrix, form, outputs, inputs, rows, bias, x, y }: ManyRows): void {
  const [, , , words, groups] = form as [number, number, number, number, number];
  const [packed, scales] = matrix as [number, number];
  const widest = Math.min(STRIP, Math.ceil(outputs / 8) * 8);
  runtime.withScratch(widest * inputs * 4, panels => {
    for (let first = 0; first < outputs; first += STRIP) {
      const n = Math.min(STRIP, outputs - first);
      const strip = [packed + first * words * 4, scales + first * groups * 4];
      runtime.runJob('quantizedPack', Math.ceil(n / 8), [...strip, panels, ...form, n], grainOf(8 * inputs));
      gemmOfPanels(runtime, panels, {
        ...{ m: rows, n, k: inputs, a: x, lda: inputs },
        ...{ c: y + first * 4, ldc: outputs, bias: bias && bias + first * 4 },
      });
    }
  });
}

export const quantizedEmbedding = defineFused<'packed' | 'scales' | 'ids', QuantizedAttrs>(
  fusedKernel.quantizedEmbedding,
  ({ packed, scales, ids }, attrs, backend) => {
    const y = backend.output([...ids.shape, attrs.inputs]);
    const tensors = [packed, scales, ids, y].map(tensor => backend.pointer(tensor));
    const args = [...tensors, ...formOf(packed, scales, attrs), packed.shape[0]!];
    backend.runJob('quantizedEmbedding', sizeOf(ids.shape), args, grainOf(attrs.inputs));
    return [y];
  },
);

export const dequantize = defineFused<'packed' | 'scales', QuantizedAttrs>(
  fusedKernel.dequantize,
  ({ packed, scales }, attrs, backend) => {
    const rows = packed.shape[0]!;
    const y = backend.output([rows, attrs.inputs]);
    const tensors = [packed, scales, y].map(tensor => backend.pointer(tensor));
    backend.runJob(
      'dequantizeRows',
      rows,
      [...tensors, ...formOf(packed, scales, attrs)],
      grainOf(attrs.inputs),
    );
    return [y];
  },
);
