import * as tf from '@tensorflow/tfjs-core';
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
    value: z => tf.mul(tf.mul(z, 0.5), tf.add(geluTanh(z), 1)),
    // ½(1 + t) + ½ z (1 − t²) · √(2/π) (1 + 3 · 0.044715 z²), t = tanh(…)
    slope(z) {
      const t = geluTanh(z);
      const inner = tf.mul(tf.add(tf.mul(tf.square(z), 3 * CUBIC), 1), SLOPE);
      return tf.mul(tf.add(tf.add(t, 1), tf.mul(tf.mul(z, tf.sub(tf.scalar(1), tf.square(t))), inner)), 0.5);
    },
  },
  'gelu-erf': {
    value: z => tf.mul(z, normal(z)),
    // Φ(z) + z · φ(z)
    slope: z =>
      tf.add(normal(z), tf.mul(tf.mul(z, tf.exp(tf.mul(tf.square(z), -0.5))), 1 / Math.sqrt(2 * Math.PI))),
  },
  'quick-gelu': {
    value: z => tf.mul(z, tf.sigmoid(tf.mul(z, QUICK))),
    // s + 1.702 z · s (1 − s), s = σ(1.702 z)
    slope(z) {
      const s = tf.sigmoid(tf.mul(z, QUICK));
      return tf.add(s, tf.mul(tf.mul(tf.mul(z, QUICK), s), tf.sub(tf.scalar(1), s)));
    },
  },
};

/** tanh of GELU's argument. */
function geluTanh(z: tf.Tensor): tf.Tensor {
  return tf.tanh(tf.mul(tf.add(z, tf.mul(tf.mul(tf.mul(z, z), z), CUBIC)), SLOPE));
}

/** Φ(z) */
function normal(z: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(z, Math.SQRT1_2)), 1), 0.5);
}
