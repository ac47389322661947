import * as tf from '@tensorflow/tfjs';
import type { Activation } from './kernels';

const SLOPE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
const QUICK = 1.702;

/** An activation and its derivative, of plain tfjs operations. */
interface Curve {
  value(z: tf.Tensor): tf.Tensor;
  slope(z: tf.Tensor): tf.Tensor;
}

/** What `Activation` names, as plain tfjs operations: the references of the kernels that have an activation inside. */
export const CURVES: Record<Exclude<Activation, 'none'>, Curve> = {
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
