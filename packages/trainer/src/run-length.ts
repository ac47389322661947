import { type BatchSource, ConfigError } from '@simvlm/core';
import { ESTIMATE_STEPS, type ResolvedTrainConfig } from './config';

/**
 * How many steps a run has: given, counted from its epochs, or, of a time-budgeted run, estimated by the speed of its last steps: anew after
 * each step, because a machine that does other things meanwhile would end long before or after its time. Such a run ends when the time is over.
 */
export class RunLength {
  /** All steps; undefined while a time-budgeted run measures its first ones. */
  total: number | undefined;
  readonly #minutes: number | undefined;
  /** Seconds of the last steps. */
  readonly #recent: number[] = [];

  /** @throws ConfigError for epochs of batches that do not say how long one is */
  constructor(
    {
      steps,
      epochs,
      minutes,
      accumulate,
    }: Pick<ResolvedTrainConfig, 'steps' | 'epochs' | 'minutes' | 'accumulate'>,
    { stepsPerEpoch }: Pick<BatchSource, 'stepsPerEpoch'>,
  ) {
    this.#minutes = minutes;
    if (epochs !== undefined && stepsPerEpoch === undefined)
      throw new ConfigError(
        'CONFIG_INVALID',
        'train config: "epochs" needs batches that say how many make an epoch ("stepsPerEpoch"); give "steps" instead',
      );
    this.total =
      epochs === undefined ? steps : Math.max(1, Math.ceil((epochs * stepsPerEpoch!) / accumulate));
  }

  /** Goes on with a run that expected so many steps: where they are estimated, no other number is known yet. */
  resume(total: number | null): void {
    this.total ??= total ?? undefined;
  }

  isOver(step: number): boolean {
    return this.total !== undefined && step >= this.total;
  }

  /**
   * A step was taken.
   *
   * @param elapsed its seconds
   * @param seconds of the whole run
   */
  taken(step: number, elapsed: number, seconds: number): void {
    if (this.#minutes === undefined) return;
    this.#recent.push(elapsed);
    if (this.#recent.length > ESTIMATE_STEPS) this.#recent.shift();
    const left = this.#minutes * 60 - seconds;
    if (left <= 0) this.total = step;
    else if (this.#recent.length === ESTIMATE_STEPS) {
      const mean = this.#recent.reduce((sum, time) => sum + time, 0) / ESTIMATE_STEPS;
      this.total = step + Math.ceil(left / mean);
    } else if (this.total !== undefined && this.total <= step) this.total = step + 1;
  }
}
