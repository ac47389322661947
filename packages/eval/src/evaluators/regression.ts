import { DataError, type Evaluator } from '@simvlm/core';
import { type NumberItem, pearson, type Scores, signature, spearman } from '@simvlm/metrics';
import { measured } from '../measured';
import { askedAnswers } from './answers';

/**
 * `regression`: the correlation of the numbers that a task gives with the true ones, as GLUE measures STS-B: `pearson` and `spearman`. Where one side is
 * always the same there is no correlation: then both are 0, with a warning. Options: `limit`.
 */
export const regressionEvaluator: Evaluator = async (subject, data, options, context = {}) => {
  const {
    answers,
    warnings = [],
    ...found
  } = await askedAnswers('regression', subject, data, options, context);
  const items = answers.map(({ id, text, truths }) => ({
    id,
    prediction: numberOf(id, text),
    label: numberOf(id, truths[0]!),
  }));
  const isUndefined = items.length > 0 && pearson(items) === undefined;
  return {
    ...measured(
      items.length,
      { pearson: scored(items, pearson), spearman: scored(items, spearman) },
      context,
    ),
    signatures: { pearson: signature({}), spearman: signature({ ties: 'mean' }) },
    items: items.map(({ id, prediction, label }) => ({ id, text: String(prediction), label })),
    warnings: isUndefined
      ? [
          ...warnings,
          'all predictions are the same number, or all labels: there is no correlation, and it is given as 0',
        ]
      : warnings,
    ...found,
  };
};

function scored(
  items: readonly NumberItem[],
  metric: (items: readonly NumberItem[]) => number | undefined,
): Scores {
  return {
    corpus: metric(items) ?? 0,
    items: [],
    // Samples without a correlation say nothing of it.
    of: drawn => metric(drawn.map(i => items[i]!)) ?? Number.NaN,
  };
}

/** @throws DataError for what is no finite number: the task is another one */
function numberOf(id: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new DataError(
    'DATA_INVALID',
    `evaluator regression: example "${id}" has "${text}", which is no number; "labels" or "answers" measures what a task says in words`,
  );
}
