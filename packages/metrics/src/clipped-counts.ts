import { countNGrams, largestCounts } from './captions/n-grams';

/** What both kinds of BLEU are computed of, for a line or for many added up. */
export interface ClippedCounts {
  /** n-grams of the prediction that occur in a reference, at n − 1: each at most as often as in any one of them. */
  readonly correct: readonly number[];
  /** n-grams of the prediction, at n − 1. */
  readonly guessed: readonly number[];
  /** Words of the prediction. */
  readonly predicted: number;
  /** Words of the reference closest to it in length, of two as close the shorter. */
  readonly referred: number;
}

/** Orders of n-grams: 1 to 4. */
export const ORDERS = 4;

/**
 * @param words of the prediction
 * @param lines words of each reference, one line or more
 */
export function clippedCounts(
  words: readonly string[],
  lines: readonly (readonly string[])[],
): ClippedCounts {
  const own = countNGrams(words, ORDERS);
  const theirs = lines.map(line => countNGrams(line, ORDERS));
  return {
    correct: own.map((counts, k) => {
      const most = largestCounts(theirs.map(list => list[k]!));
      return [...counts].reduce((sum, [nGram, count]) => sum + Math.min(count, most.get(nGram) ?? 0), 0);
    }),
    guessed: own.map((_, k) => Math.max(0, words.length - k)),
    predicted: words.length,
    referred: closest(
      lines.map(line => line.length),
      words.length,
    ),
  };
}

/** Those of many lines together. */
export function sumCounts(list: readonly ClippedCounts[]): ClippedCounts {
  const [correct, guessed] = [new Array<number>(ORDERS).fill(0), new Array<number>(ORDERS).fill(0)];
  let [predicted, referred] = [0, 0];
  for (const each of list) {
    for (let k = 0; k < ORDERS; k++) {
      correct[k]! += each.correct[k]!;
      guessed[k]! += each.guessed[k]!;
    }
    predicted += each.predicted;
    referred += each.referred;
  }
  return { correct, guessed, predicted, referred };
}

/** The length closest to `length`; of two as close the shorter. */
function closest(lengths: readonly number[], length: number): number {
  return lengths.reduce((best, next) => {
    const difference = Math.abs(next - length) - Math.abs(best - length);
    return difference < 0 || (difference === 0 && next < best) ? next : best;
  });
}
