import {
  checkOptions,
  type EvaluationSubject,
  type Evaluator,
  type ExampleDataset,
  type OptionRule,
  rule,
} from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { type ChoiceOptions, captionChoice, choiceScores, derangement } from '../choice';
import { measured } from '../measured';

/**
 * `choice`: the likeliest of N captions, the true one among them. Options: `choices`, `seed`, `limit`, `batchSize`;
 * `prompt`, the text prefix before every candidate (default: the task's); `candidates`, lists by the
 * id of an example, in place of a draw.
 */
export const choiceEvaluator = choiceOf('choice', {
  choices: rule.integer(2),
  candidates: {
    expected: 'an object with a list of texts for each id',
    accepts: value =>
      rule.object.accepts(value) && Object.values(value as object).every(rule.strings.accepts),
  },
});

/**
 * `shuffled-choice`: the control of `choice`. The pictures stand with one another's captions, so that an honest evaluation falls to chance. Options:
 * `choices`, `seed`, `prompt`, `limit`, `batchSize`.
 */
export const shuffledChoiceEvaluator = choiceOf(
  'shuffled-choice',
  { choices: rule.integer(2) },
  ({ length }) => ({ pictureOf: derangement(length, 0) }),
);

function choiceOf(
  name: string,
  rules: Readonly<Record<string, OptionRule>>,
  more: (data: ExampleDataset) => Pick<ChoiceOptions, 'pictureOf'> = () => ({}),
): Evaluator {
  const evaluator: Evaluator = async (
    { model, tokenizer, prompt }: EvaluationSubject<SimVlm>,
    data,
    options,
    context = {},
  ) => {
    checkOptions(`evaluator ${name}`, options, {
      ...{ limit: rule.integer(1), batchSize: rule.integer(1), seed: rule.integer(0), prompt: rule.string },
      ...rules,
    });
    const { candidates, ...rest } = options as { candidates?: Readonly<Record<string, readonly string[]>> };
    const found = await captionChoice(model, tokenizer, data, {
      ...(prompt !== undefined && { prompt }),
      ...rest,
      ...more(data),
      ...(candidates && { candidates: new Map(Object.entries(candidates)) }),
      ...(context.signal && { signal: context.signal }),
      ...(context.onProgress && { onProgress: context.onProgress }),
    });
    context.signal?.throwIfAborted();
    const { metrics, predictions, cut, skipped } = found;
    return {
      ...measured(predictions.length, choiceScores(predictions), context),
      metrics,
      items: predictions.map(({ id, text, truth, scores, candidates: texts }) => ({
        ...{ id, text, references: [truth] },
        ...{ scores: [...scores], candidates: [...texts] },
      })),
      skipped,
      warnings: [...cutWarning(cut), ...tieWarning(metrics.ties!)],
    };
  };
  return Object.assign(evaluator, { draws: () => true });
}

/** What a choice must say of candidates that the model does not read whole. */
export function cutWarning(cut: readonly string[]): string[] {
  if (cut.length === 0) return [];
  const how = cut.length === 1 ? '1 candidate is' : `${cut.length} candidates are`;
  return [`${how} longer than the model reads, compared without the end, such as ${JSON.stringify(cut[0])}`];
}

function tieWarning(ties: number): string[] {
  if (ties === 0) return [];
  const which = ties === 1 ? '1 picture' : `${ties} pictures`;
  return [
    `${which} had several likeliest candidates; a tie counts as a miss, even if the true caption is among them`,
  ];
}
