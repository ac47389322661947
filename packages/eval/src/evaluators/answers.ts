import {
  type Answers,
  ConfigError,
  checkOptions,
  type EvaluationSubject,
  type Evaluator,
  type EvaluatorContext,
  type ExampleDataset,
  type JsonValue,
  rule,
} from '@simvlm/core';
import { answerScores } from '../answers';
import { measured } from '../measured';
import { nothingEvaluated } from '../nothing-evaluated';

/** `answers`: how often an answer is one of the right ones, and the words that it shares with the nearest of them. Options: `limit`. */
export const answersEvaluator: Evaluator = async (subject, data, options, context = {}) => {
  const { answers, ...found } = await askedAnswers('answers', subject, data, options, context);
  return {
    ...measured(answers.length, answerScores(answers), context),
    items: answers.map(({ id, text, truths }) => ({ id, text, references: [...truths] })),
    ...found,
  };
};

/**
 * What the task of a model answers, for an evaluator that measures answers.
 *
 * @param name of the evaluator, for messages
 * @throws ConfigError where the model is evaluated without a task that gives answers; DataError where no example can be used; the signal's reason
 *   on abort
 */
export async function askedAnswers(
  name: string,
  { answer }: EvaluationSubject,
  data: ExampleDataset,
  options: Readonly<Record<string, JsonValue>>,
  { signal, onProgress }: EvaluatorContext,
): Promise<Answers> {
  checkOptions(`evaluator ${name}`, options, { limit: rule.integer(1) });
  if (!answer)
    throw new ConfigError(
      'CONFIG_INVALID',
      `the evaluator ${name} needs a task that gives answers, such as classify or answer`,
    );
  const found = await answer(data, {
    ...options,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  signal?.throwIfAborted();
  if (found.answers.length === 0) throw nothingEvaluated(found.skipped);
  return found;
}
