import { type Scores, summedScores } from '../scores';
import type { TokenisedCaption } from './item';
import { countNGrams, largestCounts, wordsOf } from './n-grams';

const ORDERS = 4;
/** What the evaluation code of COCO adds, so that nothing is divided by zero: identical lines score a little under 1. */
const [TINY, SMALL] = [1e-15, 1e-9];

/** What BLEU is computed of, for a line or for many added up. */
interface Counts {
  /** n-grams of the prediction that occur in a reference, at n − 1. */
  readonly correct: number[];
  /** n-grams of the prediction. */
  readonly guessed: number[];
  predicted: number;
  referred: number;
}

/**
 * BLEU-1 to BLEU-4 (Papineni et al., 2002) as the evaluation code of COCO computes them: counts are clipped by the largest count in any one
 * reference; the reference length is the closest one, of two as close the shorter; nothing is smoothed.
 *
 * @returns at n − 1 BLEU-n, 0 to 1
 */
export function bleu(items: readonly TokenisedCaption[]): [Scores, Scores, Scores, Scores] {
  const counts = items.map(countItem);
  const scores = (k: number): Scores => summedScores(counts, sumOf, each => scoreOf(each, k));
  return [scores(0), scores(1), scores(2), scores(3)];
}

function sumOf(list: readonly Counts[]): Counts {
  const sum: Counts = { correct: zeros(), guessed: zeros(), predicted: 0, referred: 0 };
  for (const { correct, guessed, predicted, referred } of list) {
    for (let k = 0; k < ORDERS; k++) {
      sum.correct[k]! += correct[k]!;
      sum.guessed[k]! += guessed[k]!;
    }
    sum.predicted += predicted;
    sum.referred += referred;
  }
  return sum;
}

function zeros(): number[] {
  return new Array<number>(ORDERS).fill(0);
}

function countItem({ prediction, references }: TokenisedCaption): Counts {
  const words = wordsOf(prediction);
  const lines = references.map(wordsOf);
  const own = countNGrams(words, ORDERS);
  const theirs = lines.map(line => countNGrams(line, ORDERS));
  const correct = own.map((counts, k) => {
    const most = largestCounts(theirs.map(list => list[k]!));
    return [...counts].reduce((sum, [nGram, count]) => sum + Math.min(count, most.get(nGram) ?? 0), 0);
  });
  return {
    correct,
    guessed: own.map((_, k) => Math.max(0, words.length - k)),
    predicted: words.length,
    referred: closest(
      lines.map(line => line.length),
      words.length,
    ),
  };
}

/** The length closest to `length`; of two as close the shorter. */
export function closest(lengths: readonly number[], length: number): number {
  return lengths.reduce((best, next) => {
    const difference = Math.abs(next - length) - Math.abs(best - length);
    return difference < 0 || (difference === 0 && next < best) ? next : best;
  });
}

/** BLEU-(k + 1) */
function scoreOf({ correct, guessed, predicted, referred }: Counts, k: number): number {
  const ratio = (predicted + TINY) / (referred + SMALL);
  const brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  for (let n = 0; n <= k; n++) product *= (correct[n]! + TINY) / (guessed[n]! + SMALL);
  return product ** (1 / (k + 1)) * brevity;
}
