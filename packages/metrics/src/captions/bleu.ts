import { type ClippedCounts, clippedCounts, sumCounts } from '../clipped-counts';
import { type Scores, summedScores } from '../scores';
import type { TokenisedCaption } from './item';
import { wordsOf } from './n-grams';

/** What the evaluation code of COCO adds, so that nothing is divided by zero: identical lines score a little under 1. */
const [TINY, SMALL] = [1e-15, 1e-9];

/**
 * BLEU-1 to BLEU-4 (Papineni et al., 2002) as the evaluation code of COCO computes them: counts are clipped by the largest count in any one
 * reference; the reference length is the closest one, of two as close the shorter; nothing is smoothed.
 *
 * @returns at n − 1 BLEU-n, 0 to 1
 */
export function bleu(items: readonly TokenisedCaption[]): [Scores, Scores, Scores, Scores] {
  const counts = items.map(({ prediction, references }) =>
    clippedCounts(wordsOf(prediction), references.map(wordsOf)),
  );
  const scores = (k: number): Scores => summedScores(counts, sumCounts, each => scoreOf(each, k));
  return [scores(0), scores(1), scores(2), scores(3)];
}

/** BLEU-(k + 1) */
function scoreOf({ correct, guessed, predicted, referred }: ClippedCounts, k: number): number {
  const ratio = (predicted + TINY) / (referred + SMALL);
  const brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  for (let n = 0; n <= k; n++) product *= (correct[n]! + TINY) / (guessed[n]! + SMALL);
  return product ** (1 / (k + 1)) * brevity;
}
