import { fusedKernel, type QuantizedAttrs, type QuantizedLinearAttrs } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs';
import { gemmOfPanels } from '../gemm';
import { CODES } from './activation-codes';
import { defineFused } from './define';
import { grainOf, sizeOf } from './grain';

/** Rows of x up to which integers are made numbers in registers, again for each row: a panel of them would cost more than it saves. */
const FEW_ROWS = 4;

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
      const panels = Math.ceil(outputs / 8);
      backend.runtime.withScratch(panels * inputs * 32, at => {
        backend.runJob('quantizedPack', panels, [...matrix, at, ...form, outputs], grainOf(8 * inputs));
        gemmOfPanels(backend.runtime, at, {
          ...{ m: rows, n: outputs, k: inputs, a: backend.pointer(x), lda: inputs },
          ...{ c: backend.pointer(z), ldc: outputs, bias },
        });
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
