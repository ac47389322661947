import * as tf from '@tensorflow/tfjs-core';
import { CURVES } from '../activation';
import type { FusedKernel } from '../fused';
import { fusedKernel, type LinearAttrs, type LinearGradAttrs } from '../kernels';

function rows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape[x.shape.length - 1]!]);
}

/** Linear map, bias and activation of plain tfjs operations. */
export const linearKernel: FusedKernel = {
  name: fusedKernel.linear,
  reference(
    { x, w, b }: { x: tf.Tensor; w: tf.Tensor2D; b?: tf.Tensor },
    { activation, transposeW }: LinearAttrs,
  ) {
    const product = tf.matMul(rows(x), w, false, transposeW);
    const z = tf.reshape(b ? tf.add(product, b) : product, [
      ...x.shape.slice(0, -1),
      w.shape[transposeW ? 0 : 1],
    ]);
    if (activation === 'none') return [z];
    return [CURVES[activation].value(z), z];
  },
};

/** Its gradient. */
export const linearGradKernel: FusedKernel = {
  name: fusedKernel.linearGrad,
  reference(
    { x, w, z, dy }: { x: tf.Tensor; w: tf.Tensor2D; z?: tf.Tensor; dy: tf.Tensor },
    { activation, transposeW, wanted }: LinearGradAttrs,
  ) {
    const dz = activation === 'none' ? dy : tf.mul(dy, CURVES[activation].slope(z!));
    const g = rows(dz);
    const dx = () => tf.reshape(tf.matMul(g, w, false, !transposeW), x.shape);
    const dw = () => (transposeW ? tf.matMul(g, rows(x), true, false) : tf.matMul(rows(x), g, true, false));
    return [...(wanted === 'weights' ? [] : [dx()]), ...(wanted === 'x' ? [] : [dw(), tf.sum(g, 0)])];
  },
};
