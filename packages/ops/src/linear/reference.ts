import * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../fused';
import { fusedKernel, type LinearAttrs } from '../kernels';

const SLOPE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** tanh of GELU's argument. */
function geluTanh(z: tf.Tensor): tf.Tensor {
  return z.add(z.mul(z).mul(z).mul(CUBIC)).mul(SLOPE).tanh();
}

function rows(x: tf.Tensor): tf.Tensor2D {
  return x.reshape([-1, x.shape[x.shape.length - 1]!]);
}

/** Linear map, bias and activation of plain tfjs operations. */
export const linearKernel: FusedKernel = {
  name: fusedKernel.linear,
  reference(
    { x, w, b }: { x: tf.Tensor; w: tf.Tensor2D; b?: tf.Tensor },
    { activation, transposeW }: LinearAttrs,
  ) {
    const product = tf.matMul(rows(x), w, false, transposeW);
    const z = (b ? product.add(b) : product).reshape([...x.shape.slice(0, -1), w.shape[transposeW ? 0 : 1]]);
    if (activation === 'none') return [z];
    return [z.mul(0.5).mul(geluTanh(z).add(1)), z];
  },
};

/** Its gradient; with GELU: d/dz = ½(1 + t) + ½ z (1 − t²) · √(2/π) (1 + 3 · 0.044715 z²), t = tanh(…). */
export const linearGradKernel: FusedKernel = {
  name: fusedKernel.linearGrad,
  reference(
    { x, w, z, dy }: { x: tf.Tensor; w: tf.Tensor2D; z?: tf.Tensor; dy: tf.Tensor },
    { activation, transposeW }: LinearAttrs,
  ) {
    let dz = dy;
    if (activation === 'gelu') {
      const t = geluTanh(z!);
      const slope = z!
        .square()
        .mul(3 * CUBIC)
        .add(1)
        .mul(SLOPE);
      dz = dy.mul(
        t
          .add(1)
          .add(z!.mul(tf.scalar(1).sub(t.square())).mul(slope))
          .mul(0.5),
      );
    }
    const g = rows(dz);
    const dx = tf.matMul(g, w, false, !transposeW).reshape(x.shape);
    const dw = transposeW ? tf.matMul(g, rows(x), true, false) : tf.matMul(rows(x), g, true, false);
    return [dx, dw, g.sum(0)];
  },
};
