import { ConfigError, checkOptions, type Evaluator, rule } from '@simvlm/core';
import { accuracy, f1, type LabelItem, matthews, type Scores, signature } from '@simvlm/metrics';
import { measured, type NamedScores } from '../measured';
import { askedAnswers } from './answers';

/** What is called the class that is looked for, where a task does not say. */
const POSITIVE = ['1', 'true', 'yes'];

/**
 * `labels`: what a classifier says, as GLUE measures it: accuracy, Matthews' correlation, and of two classes F1. Options: `limit`; `positive`, the class
 * that F1 is of (default: `1`, `true` or `yes`, else the later of the two by alphabet).
 */
export const labelsEvaluator: Evaluator = async (subject, data, options, context = {}) => {
  const { positive, ...asked } = options;
  checkOptions('evaluator labels', { positive }, { positive: rule.string });
  const { answers, ...found } = await askedAnswers('labels', subject, data, asked, context);
  const items = answers.map(({ id, text, truths }) => ({ id, prediction: text, label: truths[0]! }));
  const known = [...new Set(items.flatMap(({ prediction, label }) => [prediction, label]))].sort();
  const of = positiveOf(positive as string | undefined, known);
  return {
    ...measured(items.length, scoresOf(items, of), context),
    ...(of !== undefined && { signatures: { f1: signature({ positive: of }) } }),
    items: items.map(({ id, prediction, label }) => ({ id, text: prediction, label })),
    ...found,
  };
};

function scoresOf(items: readonly LabelItem[], positive: string | undefined): NamedScores {
  return {
    accuracy: scored(items, accuracy),
    ...(positive !== undefined && { f1: scored(items, list => f1(list, positive)) }),
    matthews: scored(items, matthews),
  };
}

/** A number of items, which single ones have no share in. */
function scored(items: readonly LabelItem[], metric: (items: readonly LabelItem[]) => number): Scores {
  return { corpus: metric(items), items: [], of: drawn => metric(drawn.map(i => items[i]!)) };
}

/** The class that F1 is of; none where there are more than two. @throws ConfigError for a class that no example has */
function positiveOf(asked: string | undefined, known: readonly string[]): string | undefined {
  if (asked === undefined)
    return known.length > 2
      ? undefined
      : (known.find(name => POSITIVE.includes(name.toLowerCase())) ?? known.at(-1));
  if (known.length <= 2 && known.includes(asked)) return asked;
  throw new ConfigError(
    'CONFIG_INVALID',
    `evaluator labels: "positive" ${asked}: ${known.length > 2 ? 'F1 is of two classes, and there are more' : 'no example has that label'}: ${known.join(', ')}`,
  );
}
