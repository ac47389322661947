import { Random } from '@simvlm/core';

/** What repeated sampling of the items says of a number: 95 % of the samples lie between. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** Default 1000. */
  readonly samples?: number;
  /** Default 1. */
  readonly seed?: number;
}

/**
 * A percentile bootstrap interval (Efron, 1979): the metric of as many items drawn with replacement, many times; the 2.5th and the 97.5th percentile.
 *
 * @param count of the items
 * @param metric of the items with these numbers, some of them several times; samples where it is undefined are left out
 * @returns undefined for a single item, which says nothing of others
 */
export function bootstrap(
  count: number,
  metric: (drawn: readonly number[]) => number | undefined,
  { samples = 1000, seed = 1 }: BootstrapOptions = {},
): Interval | undefined {
  if (count < 2) return undefined;
  const random = Random.fromSeed(seed).fork('bootstrap');
  const values: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const value = metric(Array.from({ length: count }, () => random.integer(count)));
    if (value !== undefined && !Number.isNaN(value)) values.push(value);
  }
  if (values.length === 0) return undefined;
  values.sort((a, b) => a - b);
  return { low: percentile(values, 0.025), high: percentile(values, 0.975) };
}

/** Between two values in proportion. */
function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}
