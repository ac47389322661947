import type { Metric } from '@simvlm/core';

/** The best evaluation so far. */
export interface Best {
  readonly value: number;
  readonly step: number;
}

/** Whether a value beats another by more than `by`, at least 0. What is no number beats nothing. */
export function beats(value: number, other: number, better: Metric['better'], by = 0): boolean {
  return better === 'lower' ? value < other - by : value > other + by;
}

/** The best after another evaluation: of equal ones the first. */
export function nextBest(
  past: Best | undefined,
  step: number,
  value: number,
  better: Metric['better'],
): Best | undefined {
  if (past ? beats(value, past.value, better) : Number.isFinite(value)) return { value, step };
  return past;
}
