import type * as tf from '@tensorflow/tfjs-core';
import { checkDtype, checkShape } from '../check';
import { differentiable, runFused } from '../fused';
import type { EmbeddingGradAttrs } from '../kernels';
import { embeddingGradKernel, embeddingKernel } from './reference';

/**
 * Rows of a table by id.
 *
 * @param table `float32[V, D]`
 * @param ids `int32[…]`, each in [0, V); ids outside are undefined behaviour of the backend, since reading a tensor back
 *   to check it would stall a GPU: whoever makes ids checks them on the host
 * @returns `float32[…, D]`; differentiable by the table
 * @throws ShapeError when the table is no matrix or the ids are not int32
 */
export function embedding(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  checkShape('embedding', 'table', table, [-1, -1]);
  checkDtype('embedding', 'ids', ids, 'int32');
  const attrs: EmbeddingGradAttrs = { vocabSize: table.shape[0]! };
  return differentiable(
    [table],
    () => ({ value: runFused(embeddingKernel, { table, ids })[0]!, saved: [ids] }),
    (dy, [ids]) => runFused(embeddingGradKernel, { ids: ids!, dy }, attrs),
  );
}
