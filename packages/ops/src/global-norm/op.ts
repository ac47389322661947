import { ShapeError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { type FusedKernel, runFused } from '../fused';
import { fusedKernel } from '../kernels';

const globalNormKernel: FusedKernel = {
  name: fusedKernel.globalNorm,
  // One after the other: `addN` of hundreds binds more buffers than tfjs's WebGPU backend can.
  reference: (tensors: readonly tf.Tensor[]) => [
    tf.sqrt(tensors.map(tensor => tf.sum(tf.square(tensor))).reduce((sum, square) => tf.add(sum, square))),
  ],
};

/**
 * The Euclidean norm of all numbers in all tensors together, as used for clipping by global norm (Pascanu et al., 2013).
 *
 * @param tensors at least one `float32` tensor, of any shapes
 * @returns a scalar; not differentiable
 * @throws ShapeError for no tensors
 */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  if (tensors.length === 0) throw new ShapeError('globalNorm: there must be at least one tensor, got none');
  return runFused(globalNormKernel, tensors)[0] as tf.Scalar;
}

/**
 * By how much to multiply gradients of this norm so that their norm is at most `limit`: min(1, limit / norm). The result
 * stays on the backend.
 */
export function clipScale(norm: tf.Scalar, limit: number): tf.Scalar {
  return tf.tidy(() => tf.div(tf.scalar(limit), tf.maximum(norm, limit)) as tf.Scalar);
}
