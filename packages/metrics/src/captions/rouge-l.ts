import { meanScores, type Scores } from '../scores';
import type { TokenisedCaption } from './item';

/** How much more recall counts than precision. */
const BETA = 1.2;

/**
 * ROUGE-L (Lin, 2004) as the evaluation code of COCO computes it: an F score of the longest common subsequence, of the largest precision and the
 * largest recall over the references, which may be those of different ones; the mean over the items. An empty line is one empty token, as there.
 *
 * @returns 0 to 1
 */
export function rougeL(items: readonly TokenisedCaption[]): Scores {
  const scores = items.map(({ prediction, references }) => {
    const words = prediction.split(' ');
    const common = references.map(reference => {
      const others = reference.split(' ');
      const length = longestCommonSubsequence(words, others);
      return { precision: length / words.length, recall: length / others.length };
    });
    const precision = Math.max(...common.map(each => each.precision));
    const recall = Math.max(...common.map(each => each.recall));
    if (precision === 0 || recall === 0) return 0;
    return ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision);
  });
  return meanScores(scores);
}

/** How many words two lines have in common, in the same order. */
function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let above = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const row = [0];
    for (const [j, other] of b.entries())
      row.push(word === other ? above[j]! + 1 : Math.max(above[j + 1]!, row[j]!));
    above = row;
  }
  return above[b.length]!;
}
