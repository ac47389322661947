import { DataError } from '@simvlm/core';
import { countOf, type Places, pick, shareOf, slice, union } from './intervals';
import type { Level } from './position';

/** The order in which the records of a window are drawn: a permutation of 0 … count − 1. */
export type WindowOrder = (
  window: { readonly level: number; readonly rank: number; readonly number: number },
  count: number,
) => ArrayLike<number> & Iterable<number>;

/**
 * The records of an epoch that one process reads, as places in the epoch's sequence.
 *
 * At first the sequence is dealt in runs of equal length. Each level is a number of processes that drew a part of their runs and ended: what they
 * left, in the order of the sequence, is dealt to the next ones.
 *
 * ```
 * sequence   0 1 2 3 4 5 6 7 8 9        two processes:    0 1 2 3 4 | 5 6 7 8 9
 * drawn      · x x · · x · · · ·        dealt to three:   0 3 | 4 6 | 7 8 9
 * ```
 *
 * @param count records in the sequence
 * @param window records in a window; 0: all of a run
 */
export function runOf(
  count: number,
  levels: readonly Level[],
  { rank, size }: { readonly rank: number; readonly size: number },
  window: number,
  order: WindowOrder,
): Places {
  let left: Places = [[0, count]];
  for (const [level, { size, taken }] of levels.entries()) {
    const runs = taken.map((drawn, rank) => {
      const run = shareOf(left, rank, size);
      return drawn === null
        ? []
        : leftOf(run, drawn, window, (number, count) => order({ level, rank, number }, count));
    });
    left = union(runs);
  }
  return shareOf(left, rank, size);
}

/** What is left of a run after so many records, of which the last ones came out of a window in its order. */
function leftOf(
  run: Places,
  taken: number,
  window: number,
  order: (number: number, count: number) => Iterable<number>,
): Places {
  const count = countOf(run);
  if (taken > count)
    throw new DataError(
      'DATA_INVALID',
      `the saved place in the data is of other data: it lies after ${taken} records, and there are ${count}`,
    );
  const length = window === 0 ? count : window;
  const number = Math.floor(taken / Math.max(length, 1));
  const begin = number * length;
  const end = Math.min(begin + length, count);
  if (taken === begin) return slice(run, begin, count);
  const numbers = [...order(number, end - begin)].slice(taken - begin);
  return union([pick(slice(run, begin, end), numbers), slice(run, end, count)]);
}
