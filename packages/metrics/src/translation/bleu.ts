import { closest } from '../captions/bleu';
import { countNGrams, largestCounts } from '../captions/n-grams';
import { type Scores, summedScores } from '../scores';
import { tokens13a } from './tokens-13a';

/** A translation beside those of people. */
export interface TranslationItem {
  readonly id: string;
  readonly prediction: string;
  /** One or more. */
  readonly references: readonly string[];
}

const ORDERS = 4;

interface Counts {
  readonly correct: readonly number[];
  readonly total: readonly number[];
  readonly predicted: number;
  readonly referred: number;
}

/**
 * BLEU (Papineni et al., 2002) as sacrebleu 2.6 computes it by default: tokens of 13a, case kept, the closest reference length, exponential smoothing
 * (the k-th precision that is zero becomes 1 / (2^k · total)). A single line shorter than four tokens is scored by fewer orders; a corpus is not.
 *
 * @returns 0 to 100
 */
export function translationBleu(items: readonly TranslationItem[]): Scores {
  const counts = items.map(countItem);
  return summedScores(counts, sumOf, scoreOf);
}

function sumOf(list: readonly Counts[]): Counts {
  const column = (key: 'correct' | 'total') =>
    Array.from({ length: ORDERS }, (_, k) => list.reduce((sum, each) => sum + each[key][k]!, 0));
  const total = (key: 'predicted' | 'referred') => list.reduce((sum, each) => sum + each[key], 0);
  return {
    ...{ correct: column('correct'), total: column('total') },
    ...{ predicted: total('predicted'), referred: total('referred') },
  };
}

function countItem({ prediction, references }: TranslationItem): Counts {
  const words = tokens13a(prediction);
  const lines = references.map(tokens13a);
  const own = countNGrams(words, ORDERS);
  const theirs = lines.map(line => countNGrams(line, ORDERS));
  return {
    correct: own.map((counts, k) => {
      const most = largestCounts(theirs.map(list => list[k]!));
      return [...counts].reduce((sum, [nGram, count]) => sum + Math.min(count, most.get(nGram) ?? 0), 0);
    }),
    total: own.map((_, k) => Math.max(0, words.length - k)),
    predicted: words.length,
    referred: closest(
      lines.map(line => line.length),
      words.length,
    ),
  };
}

function scoreOf({ correct, total, predicted, referred }: Counts, effective: boolean): number {
  // Without a single word in common nothing is smoothed.
  if (correct.every(count => count === 0)) return 0;
  let smoothing = 1;
  let logs = 0;
  let orders = 0;
  for (let k = 0; k < ORDERS; k++) {
    if (total[k] === 0) break;
    orders++;
    if (correct[k] === 0) smoothing *= 2;
    logs += Math.log(correct[k] === 0 ? 100 / (smoothing * total[k]!) : (100 * correct[k]!) / total[k]!);
  }
  if (orders < ORDERS && !effective) return 0;
  const brevity = predicted < referred ? Math.exp(1 - referred / predicted) : 1;
  return brevity * Math.exp(logs / (effective ? orders : ORDERS));
}
