import type { Answer, EvaluationResult } from '@simvlm/core';
import { meanScore } from './nothing-evaluated';
import { exactMatch, wordF1 } from './text-metrics';

/**
 * How often an answer is one of the right ones, and how many words it shares with the nearest of them: 0 to 1.
 *
 * @throws DataError where there are none
 */
export function answerMetrics(answers: readonly Answer[]): EvaluationResult {
  return {
    accuracy: meanScore(answers, ({ text, truths }) =>
      truths.some(truth => exactMatch(text, truth)) ? 1 : 0,
    ),
    wordF1: meanScore(answers, ({ text, truths }) => Math.max(...truths.map(truth => wordF1(text, truth)))),
    count: answers.length,
  };
}
