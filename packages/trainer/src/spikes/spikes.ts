/** Losses that are far above the course of the last ones, and those that are no numbers. */

/** What is a spike, and what is done about one. */
export interface SpikeRule {
  /**
   * `warn`: nothing but a warning; a loss that is no number ends the run. `skip`: the update of that step is left out. `rollback`: the run
   * goes back to its last checkpoint and on with the data after the spike. Default `warn`.
   */
  readonly action?: 'warn' | 'skip' | 'rollback';
  /** A loss is a spike this many standard deviations above the mean of the last ones; default 6. */
  readonly deviations?: number;
  /** How many last losses, at least `MIN_LOSSES`; default 100. */
  readonly window?: number;
  /** Steps skipped in a row, or rollbacks in all, after which the run ends with an error; default 10. */
  readonly limit?: number;
}

/** What is remembered of the losses. It survives JSON unchanged. */
export interface SpikeState {
  /** The last losses that were no spikes, oldest first. */
  readonly recent: readonly number[];
  /** Spikes in all. */
  readonly found: number;
  readonly skipped: number;
  /** Of these, the last so many steps. */
  readonly inARow: number;
  readonly rollbacks: number;
}

/** Defaults. */
export const SPIKES = { action: 'warn', deviations: 6, window: 100, limit: 10 } as const;

export const NO_SPIKES: SpikeState = { recent: [], found: 0, skipped: 0, inARow: 0, rollbacks: 0 };

/** Fewer losses say nothing of their spread. */
export const MIN_LOSSES = 20;

/** A spread below this share of the mean is taken as this share: losses that hardly vary would make every change a spike. */
const LEAST_SPREAD = 0.01;

/** The loss above which the next one is a spike; undefined while there are too few to say. */
export function spikeLimit(
  recent: readonly number[],
  { deviations = SPIKES.deviations }: SpikeRule,
): number | undefined {
  if (recent.length < MIN_LOSSES) return undefined;
  const mean = recent.reduce((sum, loss) => sum + loss, 0) / recent.length;
  const variance = recent.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / recent.length;
  return mean + deviations * Math.max(Math.sqrt(variance), LEAST_SPREAD * Math.abs(mean));
}

/** Whether a loss is a spike after those before it. */
export function isSpike(state: SpikeState, loss: number, rule: SpikeRule): boolean {
  if (!Number.isFinite(loss)) return true;
  const limit = spikeLimit(state.recent, rule);
  return limit !== undefined && loss > limit;
}

/** The state after a step whose loss belongs to the course. */
export function afterStep(
  state: SpikeState,
  loss: number,
  { window = SPIKES.window }: SpikeRule,
): SpikeState {
  return { ...state, recent: [...state.recent, loss].slice(-window), inARow: 0 };
}

/** The state after a spike that was only warned of: the losses may stay there, and then are the new course. */
export function afterWarning(state: SpikeState, loss: number, rule: SpikeRule): SpikeState {
  return { ...afterStep(state, loss, rule), found: state.found + 1 };
}

/** The state after a step that was skipped. */
export function afterSkip(state: SpikeState): SpikeState {
  return { ...state, found: state.found + 1, skipped: state.skipped + 1, inARow: state.inARow + 1 };
}

/** The state after a rollback: the losses of the checkpoint, the counts of the run. */
export function afterRollback(state: SpikeState, checkpoint: SpikeState): SpikeState {
  return {
    ...state,
    ...{ recent: checkpoint.recent, inARow: checkpoint.inARow },
    ...{ found: state.found + 1, rollbacks: state.rollbacks + 1 },
  };
}
