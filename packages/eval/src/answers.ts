import type { Answer, EvaluationResult } from '@simvlm/core';
import { meanScores, type Scores } from '@simvlm/metrics';
import { metricsOf } from './measured';
import { exactMatch, wordF1 } from './text-metrics';

/** `accuracy`: an answer is one of the right ones; `wordF1`: the words that it shares with the nearest of them. 0 to 1. */
export function answerScores(answers: readonly Answer[]): Record<'accuracy' | 'wordF1', Scores> {
  const best = (compare: (text: string, truth: string) => number) =>
    meanScores(answers.map(({ text, truths }) => Math.max(...truths.map(truth => compare(text, truth)))));
  return { accuracy: best((text, truth) => Number(exactMatch(text, truth))), wordF1: best(wordF1) };
}

/**
 * The numbers of `answerScores`, and how many answers they are of.
 *
 * @throws DataError where there are none
 */
export function answerMetrics(answers: readonly Answer[]): EvaluationResult {
  return metricsOf(answers.length, answerScores(answers));
}
