import { checkDtype, checkShape, type FusedKernel, fusedKernel, runFused } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

const cacheReorderKernel: FusedKernel = {
  name: fusedKernel.cacheReorder,
  reference: ({ cache, rows }: Record<'cache' | 'rows', tf.Tensor>) => [
    tf.gather(cache, rows as tf.Tensor1D),
  ],
};

/**
 * A cache whose rows have changed places: row `r` is what row `rows[r]` was. A row may stand in several places, and in none.
 *
 * @param cache `float32[B, Tmax, H, d]`
 * @param rows `int32[B]`, each from 0 to B − 1
 * @returns a new `float32[B, Tmax, H, d]`; not differentiable
 * @throws ShapeError when shapes or dtypes disagree
 */
export function cacheReorder(cache: tf.Tensor4D, rows: tf.Tensor1D): tf.Tensor4D {
  checkShape('cacheReorder', 'rows', rows, [cache.shape[0]]);
  checkDtype('cacheReorder', 'rows', rows, 'int32');
  return runFused(cacheReorderKernel, { cache, rows })[0] as tf.Tensor4D;
}
