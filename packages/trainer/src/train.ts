import { ConfigError } from '@simvlm/core';
import { resolveTrainConfig } from './config';
import { TrainingLoop } from './loop';
import { AdamW } from './optimizer';
import type { TrainOptions, TrainResult } from './options';
import { parameterRates } from './parameter-rates';
import { trainable } from './trainable';

/**
 * Trains a learner: the same seed and backend give the same losses, and a resumed run equals an uninterrupted one, bit for bit
 * (but for a run of minutes, whose schedule follows the clock). Memory is constant over steps. With `emaDecay` the learner has the averaged
 * weights at the end; callbacks on the way see those in training, evaluators the averages.
 *
 * @throws TrainingError when the loss or its gradient is no number any more; CheckpointError when `resume` does not fit, or when the last
 *   checkpoint cannot be written (earlier ones that cannot are reported to `onWarning`). With a process group also, in every process,
 *   BackendError when one of them has ended, ConfigError or DataError when one trains something else
 */
export async function train<B>(options: TrainOptions<B>): Promise<TrainResult> {
  const config = resolveTrainConfig(options.config);
  if (config.captureSteps && config.shardOptimizer && options.processGroup) {
    throw new ConfigError(
      'CONFIG_INVALID',
      'train config: "captureSteps" and "shardOptimizer" exclude each other: recordings keep weights where they are, and those of other processes come in new memory',
    );
  }
  const { learner, processGroup, storage } = options;
  if (config.spikes.action === 'rollback' && !storage && (processGroup?.rank ?? 0) === 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      'train config: the action "rollback" of "spikes" needs checkpoints to go back to: give a storage',
    );
  const share = config.shardOptimizer ? options.processGroup : undefined;
  const params = trainable(learner.trainable, config.freeze);
  const optimizer = new AdamW(params, config, parameterRates(learner, config), share);
  let loop: TrainingLoop<B> | undefined;
  try {
    loop = new TrainingLoop(options, config, optimizer);
    return await loop.toTheEnd();
  } finally {
    loop?.dispose();
    optimizer.dispose();
  }
}
