import { checkDtype, checkShape, type FusedKernel, fusedKernel, runFused } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';

const cacheWriteKernel: FusedKernel = {
  name: fusedKernel.cacheWrite,
  reference({ cache, update, positions }: Record<'cache' | 'update' | 'positions', tf.Tensor>) {
    const [batch, capacity, heads, depth] = cache.shape as [number, number, number, number];
    const written = update.shape[1]!;
    const places = positions.reshape([batch, 1]).add(tf.range(0, written, 1, 'int32')) as tf.Tensor2D;
    const oneHot = tf.oneHot(places, capacity).cast('float32') as tf.Tensor3D;
    const scattered = tf.matMul(
      oneHot,
      update.reshape([batch, written, heads * depth]) as tf.Tensor3D,
      true,
      false,
    );
    const kept = tf.scalar(1).sub(oneHot.sum(1)).reshape([batch, capacity, 1, 1]);
    return [cache.mul(kept).add(scattered.reshape(cache.shape))];
  },
};

/**
 * A cache with some of its places written anew: `update[b, t]` goes to place `positions[b] + t`.
 *
 * @param cache `float32[B, Tmax, H, d]`
 * @param update `float32[B, Tn, H, d]`
 * @param positions `int32[B]`; places outside of [0, Tmax) are not written
 * @returns a new `float32[B, Tmax, H, d]`; not differentiable
 * @throws ShapeError when shapes or dtypes disagree
 */
export function cacheWrite(cache: tf.Tensor4D, update: tf.Tensor4D, positions: tf.Tensor1D): tf.Tensor4D {
  const [batch, , heads, depth] = cache.shape;
  checkShape('cacheWrite', 'update', update, [batch, -1, heads, depth]);
  checkShape('cacheWrite', 'positions', positions, [batch]);
  checkDtype('cacheWrite', 'positions', positions, 'int32');
  return runFused(cacheWriteKernel, { cache, update, positions })[0] as tf.Tensor4D;
}
