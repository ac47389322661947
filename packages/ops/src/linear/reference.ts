import * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../fused';
import { type Activation, fusedKernel, type LinearAttrs } from '../kernels';

const SLOPE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
const QUICK = 1.702;

/** An activation and its derivative, of plain tfjs operations. */
interface Curve {
  value(z: tf.Tensor): tf.Tensor;
  slope(z: tf.Tensor): tf.Tensor;
}

const CURVES: Record<Exclude<Activation, 'none'>, Curve> = {
  gelu: {
    value: z => z.mul(0.5).mul(geluTanh(z).add(1)),
    // ½(1 + t) + ½ z (1 − t²) · √(2/π) (1 + 3 · 0.044715 z²), t = tanh(…)
    slope(z) {
      const t = geluTanh(z);
      const inner = z
        .square()
        .mul(3 * CUBIC)
        .add(1)
        .mul(SLOPE);
      return t
        .add(1)
        .add(z.mul(tf.scalar(1).sub(t.square())).mul(inner))
        .mul(0.5);
    },
  },
  'gelu-erf': {
    value: z => z.mul(normal(z)),
    // Φ(z) + z · φ(z)
    slope: z => normal(z).add(z.mul(z.square().mul(-0.5).exp()).mul(1 / Math.sqrt(2 * Math.PI))),
  },
  'quick-gelu': {
    value: z => z.mul(z.mul(QUICK).sigmoid()),
    // s + 1.702 z · s (1 − s), s = σ(1.702 z)
    slope(z) {
      const s = z.mul(QUICK).sigmoid();
      return s.add(z.mul(QUICK).mul(s).mul(tf.scalar(1).sub(s)));
    },
  },
};

/** tanh of GELU's argument. */
function geluTanh(z: tf.Tensor): tf.Tensor {
  return z.add(z.mul(z).mul(z).mul(CUBIC)).mul(SLOPE).tanh();
}

/** Φ(z) */
function normal(z: tf.Tensor): tf.Tensor {
  return z.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
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
    return [CURVES[activation].value(z), z];
  },
};

/** Its gradient. */
export const linearGradKernel: FusedKernel = {
  name: fusedKernel.linearGrad,
  reference(
    { x, w, z, dy }: { x: tf.Tensor; w: tf.Tensor2D; z?: tf.Tensor; dy: tf.Tensor },
    { activation, transposeW }: LinearAttrs,
  ) {
    const dz = activation === 'none' ? dy : dy.mul(CURVES[activation].slope(z!));
    const g = rows(dz);
    const dx = tf.matMul(g, w, false, !transposeW).reshape(x.shape);
    const dw = transposeW ? tf.matMul(g, rows(x), true, false) : tf.matMul(rows(x), g, true, false);
    return [dx, dw, g.sum(0)];
  },
};
