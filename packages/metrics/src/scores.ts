import { meanOf } from './mean';

/** A number for all items together, which is not always the mean of those of the items. */
export interface Scores {
  readonly corpus: number;
  /** In the order of the items. */
  readonly items: readonly number[];
  /** What `corpus` is for the items with these numbers, some of them several times: for intervals. */
  of(drawn: readonly number[]): number;
}

/** Scores of which the mean is that of the corpus. */
export function meanScores(items: readonly number[]): Scores {
  return { corpus: meanOf(items), items, of: drawn => meanOf(drawn.map(i => items[i]!)) };
}

/**
 * Scores of a formula over what the items add up to.
 *
 * @param counts of each item
 * @param add the counts of these items
 * @param score of counts; `single` for those of one item
 */
export function summedScores<T>(
  counts: readonly T[],
  add: (counts: readonly T[]) => T,
  score: (counts: T, single: boolean) => number,
): Scores {
  const of = (drawn: readonly number[]) => score(add(drawn.map(i => counts[i]!)), false);
  return { corpus: score(add(counts), false), items: counts.map(each => score(each, true)), of };
}
