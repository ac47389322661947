import {
  type CacheWriteAttrs,
  checkDtype,
  checkShape,
  type FusedKernel,
  fusedKernel,
  runFused,
} from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

const cacheWriteKernel: FusedKernel = {
  name: fusedKernel.cacheWrite,
  reference({ cache, update, positions }: Record<'cache' | 'update' | 'positions', tf.Tensor>) {
    const [batch, capacity, heads, depth] = cache.shape as [number, number, number, number];
    const written = update.shape[1]!;
    const places = tf.add(
      tf.reshape(positions, [batch, 1, 1]),
      tf.reshape(tf.range(0, written, 1, 'int32'), [1, written, 1]),
    );
    // 1 where update token t goes to place p: [B, Tn, Tmax]. tfjs's oneHot refuses a capacity of one.
    const goes = tf.cast(tf.equal(places, tf.range(0, capacity, 1, 'int32')), 'float32') as tf.Tensor3D;
    const rows = tf.reshape(update, [batch, written, heads * depth]) as tf.Tensor3D;
    const scattered = tf.reshape(tf.matMul(goes, rows, true, false), cache.shape);
    const isWritten = tf.reshape(tf.greater(tf.sum(goes, 1), 0), [batch, capacity, 1, 1]);
    return [tf.where(isWritten, scattered, cache)];
  },
};

/**
 * A cache with some of its places written anew: `update[b, t]` goes to place `positions[b] + t`.
 *
 * @param cache `float32[B, Tmax, H, d]`
 * @param update `float32[B, Tn, H, d]`
 * @param positions `int32[B]`; places outside of [0, Tmax) are not written
 * @param owned the caller gives `cache` up and only disposes of it: where a backend can, its memory becomes that of the result
 * @returns a new `float32[B, Tmax, H, d]`; not differentiable
 * @throws ShapeError when shapes or dtypes disagree
 */
export function cacheWrite(
  cache: tf.Tensor4D,
  update: tf.Tensor4D,
  positions: tf.Tensor1D,
  { owned = false } = {},
): tf.Tensor4D {
  const [batch, , heads, depth] = cache.shape;
  checkShape('cacheWrite', 'update', update, [batch, -1, heads, depth]);
  checkShape('cacheWrite', 'positions', positions, [batch]);
  checkDtype('cacheWrite', 'positions', positions, 'int32');
  const attrs: CacheWriteAttrs = { owned };
  return runFused(cacheWriteKernel, { cache, update, positions }, attrs)[0] as tf.Tensor4D;
}
