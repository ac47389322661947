import type { Metric } from '@simvlm/core';
import { beats } from './best';

/** When a run ends because it no longer gets better. */
export interface EarlyStopping {
  /** Evaluations without an improvement, at least 1, after which the run ends. */
  readonly patience: number;
  /** What an improvement is more than; default 0. */
  readonly minDelta?: number;
}

/** How long a run has waited for an improvement. */
export interface Waiting {
  /** What counts as improvement is measured from here; absent before the first number. */
  readonly value?: number;
  /** Evaluations since. */
  readonly evaluations: number;
}

/** The state after another evaluation. One that gives no number is one without an improvement. */
export function nextWaiting(
  past: Waiting | undefined,
  value: number,
  better: Metric['better'],
  { minDelta = 0 }: EarlyStopping,
): Waiting {
  const isFirst = past?.value === undefined && Number.isFinite(value);
  if (isFirst || (past?.value !== undefined && beats(value, past.value, better, minDelta)))
    return { value, evaluations: 0 };
  return { ...past, evaluations: (past?.evaluations ?? 0) + 1 };
}

/** Whether a run has waited long enough. */
export function hasWaited(waiting: Waiting | undefined, { patience }: EarlyStopping): boolean {
  return waiting !== undefined && waiting.evaluations >= patience;
}
