import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernel } from '../fused';
import { type EmbeddingGradAttrs, fusedKernel } from '../kernels';

/** A gather of rows. */
export const embeddingKernel: FusedKernel = {
  name: fusedKernel.embedding,
  reference({ table, ids }: { table: tf.Tensor2D; ids: tf.Tensor }) {
    return [
      tf.reshape(tf.gather(table, tf.reshape(ids, [-1]) as tf.Tensor1D), [...ids.shape, table.shape[1]]),
    ];
  },
};

/** The gradient of each row: the sum of dy over the places where its id stands. */
export const embeddingGradKernel: FusedKernel = {
  name: fusedKernel.embeddingGrad,
  reference({ ids, dy }: { ids: tf.Tensor; dy: tf.Tensor }, { vocabSize }: EmbeddingGradAttrs) {
    const width = dy.shape[dy.shape.length - 1]!;
    return [
      tf.unsortedSegmentSum(tf.reshape(dy, [-1, width]), tf.reshape(ids, [-1]) as tf.Tensor1D, vocabSize),
    ];
  },
};
