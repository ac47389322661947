import * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../fused';
import { type EmbeddingGradAttrs, fusedKernel } from '../kernels';

/** A gather of rows. */
export const embeddingKernel: FusedKernel = {
  name: fusedKernel.embedding,
  reference({ table, ids }: { table: tf.Tensor2D; ids: tf.Tensor }) {
    return [tf.gather(table, ids.reshape([-1]) as tf.Tensor1D).reshape([...ids.shape, table.shape[1]])];
  },
};

/** The gradient of each row: the sum of dy over the places where its id stands. */
export const embeddingGradKernel: FusedKernel = {
  name: fusedKernel.embeddingGrad,
  reference({ ids, dy }: { ids: tf.Tensor; dy: tf.Tensor }, { vocabSize }: EmbeddingGradAttrs) {
    const width = dy.shape[dy.shape.length - 1]!;
    return [tf.unsortedSegmentSum(dy.reshape([-1, width]), ids.reshape([-1]) as tf.Tensor1D, vocabSize)];
  },
};
