import { memoryStorage } from '@simvlm/checkpoint';
import { Random, type StepMetrics } from '@simvlm/core';
import { train } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { circleLearner } from './circle-learner';
import { drawPoints, pointBatches } from './points';

const config = { steps: 300, learningRate: 0.05, emaDecay: 0.98, accumulate: 2 };

export interface TrainedCircle {
  readonly losses: readonly number[];
  /** Share of new points that the network gets right. */
  readonly accuracy: number;
}

/**
 * Trains the network with the trainer of SimVLM.
 *
 * @param stopAt the training is stopped after this step, and goes on from its checkpoint with a network made anew
 */
export async function trainCircle({
  stopAt,
  onStep,
}: {
  readonly stopAt?: number;
  readonly onStep?: (metrics: StepMetrics) => void;
} = {}): Promise<TrainedCircle> {
  const storage = memoryStorage();
  const losses: number[] = [];
  let learner = circleLearner();
  const run = async (until?: number) => {
    const stop = new AbortController();
    const resume = await storage.latest();
    const callback = {
      onStep(metrics: StepMetrics) {
        losses.push(metrics.loss);
        onStep?.(metrics);
        if (metrics.step === until) stop.abort();
      },
    };
    await train({
      ...{ learner, batches: pointBatches(1, 32), config, storage, signal: stop.signal },
      callbacks: [callback],
      ...(resume && { resume }),
    });
  };
  if (stopAt !== undefined) {
    await run(stopAt);
    tf.dispose(learner.params.values());
    learner = circleLearner();
  }
  await run();
  const { xy, labels } = drawPoints(Random.fromSeed(2), 1000);
  const inside = tf.tidy(() => tf.greater(learner.logits(tf.tensor2d(xy, [1000, 3])), 0).dataSync());
  tf.dispose(learner.params.values());
  return { losses, accuracy: labels.filter((label, row) => label === inside[row]).length / 1000 };
}
