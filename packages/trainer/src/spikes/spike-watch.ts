import { TrainingError } from '@simvlm/core';
import type { ResolvedTrainConfig } from '../config';
import {
  afterRollback,
  afterSkip,
  afterStep,
  afterWarning,
  isSpike,
  NO_SPIKES,
  type SpikeState,
} from './spikes';

/** What is to be done after a step: nothing, a word, or back to the last checkpoint with one. */
export interface Verdict {
  readonly warning?: TrainingError;
  readonly rollback?: boolean;
}

/** Watches the losses of a run for spikes. All processes of a run see the same losses, and so decide alike. */
export class SpikeWatch {
  state: SpikeState = NO_SPIKES;
  readonly #config: Pick<ResolvedTrainConfig, 'spikes' | 'learningRate'>;

  constructor(config: Pick<ResolvedTrainConfig, 'spikes' | 'learningRate'>) {
    this.#config = config;
  }

  /** Whether a step is to be left out; undefined where none is, whatever its loss. */
  get refuses(): ((loss: number, gradientNorm: number) => boolean) | undefined {
    if (this.#config.spikes.action !== 'skip') return undefined;
    return (loss, gradientNorm) => this.#isSpike(loss, gradientNorm);
  }

  /**
   * Follows a step that was taken, or left out as `refuses` said.
   *
   * @throws TrainingError when a loss or gradient is no number and only warned of, or when this has happened too often
   */
  follow(step: number, loss: number, gradientNorm: number): Verdict {
    const { spikes } = this.#config;
    if (!this.#isSpike(loss, gradientNorm)) {
      this.state = afterStep(this.state, loss, spikes);
      return {};
    }
    const what = described(step, loss, gradientNorm, this.state.recent);
    if (spikes.action === 'warn') {
      // Such a gradient has just ruined the weights, and no checkpoint may keep them.
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw this.#given(what);
      this.state = afterWarning(this.state, loss, spikes);
      return { warning: spike(`${what}; the training goes on`) };
    }
    if (spikes.action === 'skip') {
      this.state = afterSkip(this.state);
      if (this.state.inARow > spikes.limit)
        throw this.#given(`${what}, and the ${spikes.limit} steps before it were skipped`);
      return { warning: spike(`${what}; the step is skipped`) };
    }
    if (this.state.rollbacks >= spikes.limit) throw this.#given(`${what}, after ${spikes.limit} rollbacks`);
    return { warning: spike(`${what}; back to the last checkpoint`), rollback: true };
  }

  /** The run has gone back to a checkpoint with this state. */
  rolledBack(checkpoint: SpikeState = NO_SPIKES): void {
    this.state = afterRollback(this.state, checkpoint);
  }

  #isSpike(loss: number, gradientNorm: number): boolean {
    return !Number.isFinite(gradientNorm) || isSpike(this.state, loss, this.#config.spikes);
  }

  #given(what: string): TrainingError {
    return new TrainingError(
      'TRAINING_DIVERGED',
      `${what}; lower the learning rate (${this.#config.learningRate}) or clip harder`,
    );
  }
}

function described(step: number, loss: number, gradientNorm: number, recent: readonly number[]): string {
  if (!Number.isFinite(loss)) return `the loss of step ${step} is ${loss}`;
  if (!Number.isFinite(gradientNorm)) return `the gradient norm of step ${step} is ${gradientNorm}`;
  const mean = recent.reduce((sum, each) => sum + each, 0) / recent.length;
  return `the loss of step ${step} is ${loss.toFixed(3)}, far above the ${mean.toFixed(3)} of the ${recent.length} before it`;
}

function spike(message: string): TrainingError {
  return new TrainingError('LOSS_SPIKE', message);
}
