import { meanOf } from '../mean';
import { meanScores, type Scores } from '../scores';
import { normalisedAnswer, trimmedAnswer } from './normalise';

/** An answer beside those of people. */
export interface AnswerItem {
  readonly id: string;
  readonly prediction: string;
  /** Ten in VQAv2. */
  readonly answers: readonly string[];
}

/** So many people must agree for a full point. */
const ENOUGH = 3;

/**
 * VQA accuracy (Antol et al., 2015; evaluation code of March 2021): for each of the answers of people, whether at least three of the others match the
 * prediction, a third each; the mean. Where all people wrote the very same, nothing is normalised, not even case.
 *
 * @returns per cent
 */
export function vqaAccuracy(items: readonly AnswerItem[]): Scores {
  const scores = items.map(({ prediction, answers }) => {
    const raw = answers.map(trimmedAnswer);
    const agree = new Set(raw).size === 1;
    const [given, theirs] = agree
      ? [trimmedAnswer(prediction), raw]
      : [normalisedAnswer(prediction), raw.map(normalisedAnswer)];
    const matches = theirs.filter(answer => answer === given).length;
    return 100 * meanOf(theirs.map(answer => Math.min(1, (matches - (answer === given ? 1 : 0)) / ENOUGH)));
  });
  return meanScores(scores);
}
