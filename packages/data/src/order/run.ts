import { DataError, type Share } from '@simvlm/core';
import { countOf, type Places, pick, slice, union } from './intervals';
import type { Level } from './position';
import { type Dealing, stripesOf } from './stripes';

/** The order in which the records of a window are drawn: a permutation of 0 … count − 1. */
export type WindowOrder = (
  window: { readonly level: number; readonly rank: number; readonly number: number },
  count: number,
) => ArrayLike<number> & Iterable<number>;

/**
 * The records of an epoch that one process reads, as places in the epoch's sequence.
 *
 * At first the sequence is dealt in stripes. Each level is a number of processes that drew a part of their runs and ended: what they
 * left, in the order of the sequence, is dealt to the next ones.
 *
 * ```
 * sequence   0 1 2 3 4 5 6 7 8 9        two processes:    0 2 4 6 8 | 1 3 5 7 9
 * drawn      x x x · · · · · · ·        dealt to three:   3 6 | 4 7 | 5 8 9
 * ```
 *
 * @param count records in the sequence
 * @param window records in a window; 0: all of a run
 */
export function runOf(
  count: number,
  levels: readonly Level[],
  share: Share,
  dealing: Dealing,
  window: number,
  order: WindowOrder,
): Places {
  let left: Places = [[0, count]];
  for (const [level, { size, taken }] of levels.entries()) {
    const runs = taken.map((drawn, rank) => {
      const run = stripesOf(left, { rank, size }, dealing);
      return drawn === null
        ? []
        : leftOf(run, drawn, window, (number, count) => order({ level, rank, number }, count));
    });
    left = union(runs);
  }
  return stripesOf(left, share, dealing);
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
