import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from '../check';
import { type FusedKernel, runFused } from '../fused';
import { type AdamWAttrs, fusedKernel } from '../kernels';

export interface AdamWInputs {
  readonly param: tf.Tensor;
  readonly grad: tf.Tensor;
  /** First moment, of the parameter's shape; zeros before step 1. */
  readonly m: tf.Tensor;
  /** Second moment, of the parameter's shape; zeros before step 1. */
  readonly v: tf.Tensor;
  /** A scalar that multiplies the gradient first: clipping. */
  readonly gradScale: tf.Tensor;
}

const adamwKernel: FusedKernel = {
  name: fusedKernel.adamw,
  reference(
    { param, grad, m, v, gradScale }: AdamWInputs,
    { learningRate, beta1, beta2, epsilon, weightDecay, step }: AdamWAttrs,
  ) {
    const g = tf.mul(grad, gradScale);
    const nextM = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1));
    const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2));
    const update = tf.div(
      tf.div(nextM, 1 - beta1 ** step),
      tf.add(tf.sqrt(tf.div(nextV, 1 - beta2 ** step)), epsilon),
    );
    return [tf.sub(param, tf.mul(tf.add(update, tf.mul(param, weightDecay)), learningRate)), nextM, nextV];
  },
};

/**
 * One step of AdamW (Loshchilov and Hutter, 2019) for one parameter, with bias correction and decoupled weight decay:
 * param' = param − learningRate · (m̂ / (√v̂ + epsilon) + weightDecay · param).
 *
 * @returns the new parameter and moments, owned by the caller; the inputs are left as they are
 * @throws ShapeError when the shapes differ
 */
export function adamwStep(
  inputs: AdamWInputs,
  attrs: AdamWAttrs,
): [param: tf.Tensor, m: tf.Tensor, v: tf.Tensor] {
  for (const name of ['grad', 'm', 'v'] as const)
    checkShape('adamwStep', name, inputs[name], inputs.param.shape);
  checkShape('adamwStep', 'gradScale', inputs.gradScale, []);
  return runFused(adamwKernel, { ...inputs }, attrs) as [tf.Tensor, tf.Tensor, tf.Tensor];
}
