import type { BatchSource } from '@simvlm/core';
import { lossAndGradients, type TrainLearner } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';

/** What a step takes on this machine. */
export interface Trial {
  /** Of one batch, forwards and backwards. */
  readonly seconds: number;
}

/** Steps that are measured, after one that reserves memory and compiles kernels. */
const STEPS = 3;

/**
 * Computes the gradients of the first batches and throws them away: weights and the place in the data stay as they are.
 *
 * @returns the mean time of a step, the making of its batch included
 */
export async function trialStep<B>(learner: TrainLearner<B>, batches: BatchSource<B>): Promise<Trial> {
  const place = batches.state();
  let start = 0;
  try {
    for (let step = 0; step <= STEPS; step++) {
      if (step === 1) start = performance.now();
      const parts = await batches.next();
      const { loss, gradients } = lossAndGradients(learner, [parts]);
      // The backend may still compute when the call returns.
      await loss.data();
      await gradients.values().at(-1)?.data();
      tf.dispose([loss, ...gradients.values()]);
    }
    return { seconds: (performance.now() - start) / 1000 / STEPS };
  } finally {
    batches.restore([place]);
  }
}
