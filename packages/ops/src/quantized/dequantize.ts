import type { QuantizedMatrix } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkDtype } from '../check';
import { runFused } from '../fused';
import { attrsOf, checkMatrix } from './matrix';
import { dequantizeKernel, quantizedEmbeddingKernel } from './reference';

/**
 * A matrix of integers as numbers, q · scale.
 *
 * @returns `float32[O, I]`; not differentiable
 * @throws ShapeError when the parts of the matrix do not fit one another
 */
export function dequantize(matrix: QuantizedMatrix<tf.Tensor>): tf.Tensor2D {
  checkMatrix('dequantize', matrix);
  const { packed, scales } = matrix;
  return runFused(dequantizeKernel, { packed, scales }, attrsOf(matrix))[0] as tf.Tensor2D;
}

/**
 * Rows of a table of integers by id, as numbers.
 *
 * @param table of V rows by D numbers
 * @param ids `int32[…]`, each in [0, V), as for `embedding`
 * @returns `float32[…, D]`; not differentiable
 * @throws ShapeError when the parts of the table do not fit one another, or the ids are not int32
 */
export function quantizedEmbedding(table: QuantizedMatrix<tf.Tensor>, ids: tf.Tensor): tf.Tensor {
  checkMatrix('quantizedEmbedding', table);
  checkDtype('quantizedEmbedding', 'ids', ids, 'int32');
  const { packed, scales } = table;
  return runFused(quantizedEmbeddingKernel, { packed, scales, ids }, attrsOf(table))[0]!;
}
