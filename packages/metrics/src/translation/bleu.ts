import { type ClippedCounts, clippedCounts, ORDERS, sumCounts } from '../clipped-counts';
import { type Scores, summedScores } from '../scores';
import { tokens13a } from './tokens-13a';

/** A translation beside those of people. */
export interface TranslationItem {
  readonly id: string;
  readonly prediction: string;
  /** One or more. */
  readonly references: readonly string[];
}

/**
 * BLEU (Papineni et al., 2002) as sacrebleu 2.6 computes it by default: tokens of 13a, case kept, the closest reference length, exponential smoothing
 * (the k-th precision that is zero becomes 1 / (2^k · total)). A single line shorter than four tokens is scored by fewer orders; a corpus is not.
 *
 * @returns 0 to 100
 */
export function translationBleu(items: readonly TranslationItem[]): Scores {
  const counts = items.map(({ prediction, references }) =>
    clippedCounts(tokens13a(prediction), references.map(tokens13a)),
  );
  return summedScores(counts, sumCounts, scoreOf);
}

function scoreOf({ correct, guessed, predicted, referred }: ClippedCounts, effective: boolean): number {
  // Without a single word in common nothing is smoothed.
  if (correct.every(count => count === 0)) return 0;
  let smoothing = 1;
  let logs = 0;
  let orders = 0;
  for (let k = 0; k < ORDERS; k++) {
    if (guessed[k] === 0) break;
    orders++;
    if (correct[k] === 0) smoothing *= 2;
    logs += Math.log(correct[k] === 0 ? 100 / (smoothing * guessed[k]!) : (100 * correct[k]!) / guessed[k]!);
  }
  if (orders < ORDERS && !effective) return 0;
  const brevity = predicted < referred ? Math.exp(1 - referred / predicted) : 1;
  return brevity * Math.exp(logs / (effective ? orders : ORDERS));
}
