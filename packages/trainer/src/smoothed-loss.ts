import { hasDiverged } from '@simvlm/checkpoint';
import { TrainingError } from '@simvlm/core';

/** Weight of the past: a single step is noisy. */
const SMOOTHING = 0.95;

/** Smoothed loss of a run, in nats, and its lowest value so far. */
export interface SmoothedLoss {
  readonly smoothed: number;
  readonly lowest: number;
  /** Step of the lowest. */
  readonly lowestStep: number;
}

/** Follows the smoothed loss. A loss that explodes and stays finite is no error: it is told, once for each rise. */
export class LossWatch {
  /** Undefined before the first step. */
  loss: SmoothedLoss | undefined;
  #warned = false;

  follow(step: number, loss: number): void {
    const past = this.loss;
    const smoothed = past ? SMOOTHING * past.smoothed + (1 - SMOOTHING) * loss : loss;
    const isLowest = !past || smoothed < past.lowest;
    this.loss = isLowest
      ? { smoothed, lowest: smoothed, lowestStep: step }
      : { smoothed, lowest: past.lowest, lowestStep: past.lowestStep };
  }

  /** What there is to tell at a checkpoint: that the loss has risen far, unless that was told. */
  warning(): TrainingError | undefined {
    if (!this.loss) return undefined;
    const { smoothed, lowest, lowestStep } = this.loss;
    const hasRisen = hasDiverged(smoothed, lowest);
    const isNew = hasRisen && !this.#warned;
    this.#warned = hasRisen;
    if (!isNew) return undefined;
    return new TrainingError(
      'TRAINING_DIVERGED',
      `the loss has risen from ${lowest.toFixed(3)} (step ${lowestStep}) to ${smoothed.toFixed(3)}: the best of the checkpoints is kept; to go on from it, resume it with a lower learning rate`,
    );
  }
}
