import type { Learner } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';

/** A learner whose tensors are those of tfjs. */
export type TrainLearner<B = unknown> = Learner<B, tf.Tensor, tf.Variable>;

/** A step's batches: for each micro-batch its parts, such as pairs and documents. */
export type MicroBatches<B> = readonly (readonly B[])[];

/** How many losses a step has. */
export function lossCount<B>(learner: TrainLearner<B>, micro: MicroBatches<B>): number {
  return micro.flat().reduce((sum, part) => sum + learner.count(part), 0);
}
