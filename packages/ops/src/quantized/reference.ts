import * as tf from '@tensorflow/tfjs-core';
import { CURVES } from '../activation';
import type { FusedKernel } from '../fused';
import { fusedKernel, type QuantizedAttrs, type QuantizedLinearAttrs } from '../kernels';
import { dequantizeRows } from './host';

/** The tensors of a matrix. */
interface Parts {
  readonly packed: tf.Tensor2D;
  readonly scales: tf.Tensor2D;
}

/**
 * W[O, I], taken apart on the host, as tfjs has no operations on bits. A backend that runs models of integers brings kernels of its own, which
 * never hold the whole of W.
 */
function whole({ packed, scales }: Parts, attrs: QuantizedAttrs): tf.Tensor2D {
  const rows = { packed: packed.dataSync() as Int32Array, scales: scales.dataSync() as Float32Array };
  return tf.tensor2d(dequantizeRows(rows, attrs.inputs, attrs), [packed.shape[0], attrs.inputs]);
}

export const dequantizeKernel: FusedKernel = {
  name: fusedKernel.dequantize,
  reference: (parts: Parts, attrs: QuantizedAttrs) => [whole(parts, attrs)],
};

export const quantizedLinearKernel: FusedKernel = {
  name: fusedKernel.quantizedLinear,
  reference({ x, b, ...parts }: Parts & { x: tf.Tensor; b?: tf.Tensor }, attrs: QuantizedLinearAttrs) {
    const { inputs, activation } = attrs;
    const product = tf.matMul(tf.reshape(x, [-1, inputs]) as tf.Tensor2D, whole(parts, attrs), false, true);
    const z = tf.reshape(b ? tf.add(product, b) : product, [...x.shape.slice(0, -1), parts.packed.shape[0]]);
    return [activation === 'none' ? z : CURVES[activation].value(z)];
  },
};

export const quantizedEmbeddingKernel: FusedKernel = {
  name: fusedKernel.quantizedEmbedding,
  reference({ ids, ...parts }: Parts & { ids: tf.Tensor }, attrs: QuantizedAttrs) {
    const chosen = tf.reshape(ids, [-1]) as tf.Tensor1D;
    const rows = { packed: tf.gather(parts.packed, chosen), scales: tf.gather(parts.scales, chosen) };
    return [tf.reshape(whole(rows, attrs), [...ids.shape, attrs.inputs])];
  },
};
