import {
  ConfigError,
  checkOptions,
  type Evaluation,
  type EvaluationSubject,
  type EvaluatorContext,
  type ExampleDataset,
  type JsonValue,
  type OptionRule,
  rule,
} from '@simvlm/core';
import { meanScores } from '@simvlm/metrics';
import type { SimVlm } from '@simvlm/model';
import { measured } from '../measured';
import { type LabelledVectors, labelledVectors } from './labelled';
import { modelVectors, pixelVectors } from './vectors';

type Options = Readonly<Record<string, JsonValue>>;

/** Frozen features of training examples, and of those that are evaluated. */
export interface Comparison {
  readonly train: LabelledVectors;
  readonly evaluated: LabelledVectors;
}

/** What every evaluator over frozen features reads. */
const common: Readonly<Record<string, OptionRule>> = {
  train: { expected: 'a source, as a configuration names one', accepts: value => value !== null },
  label: rule.string,
  pixels: rule.integer(1, 1024),
  limit: rule.integer(1),
};

/**
 * Opens the training examples that an evaluator compares with, and makes features of both sides.
 *
 * Options: `train`, a source as a configuration names one; `label`, the field that is the class, default `label`; `pixels`, which compares
 * the pictures themselves at so many pixels a side instead of features, the baseline; `limit`, examples to evaluate at most.
 *
 * @param own rules of the evaluator's other options
 * @throws ConfigError for options that do not fit, and where nothing can be opened; DataError when a side has no example
 */
export async function openComparison(
  name: string,
  { model, open }: EvaluationSubject<SimVlm>,
  data: ExampleDataset,
  options: Options,
  own: Readonly<Record<string, OptionRule>>,
  { signal, onProgress }: EvaluatorContext,
): Promise<Comparison> {
  checkOptions(`evaluator ${name}`, options, { ...common, ...own });
  const { train, pixels, limit } = options;
  if (train === undefined)
    throw invalid(name, 'needs "train", the source of the examples that it compares with');
  if (!open) throw invalid(name, 'opens other examples ("train"), and none can be opened here');
  const vectors = pixels === undefined ? modelVectors(model) : pixelVectors(pixels as number);
  const label = (options.label as string | undefined) ?? 'label';
  const side = { label, ...(signal && { signal }) };
  const references = await open(train);
  // Both sides are one progress: the training examples are most of it.
  const some = Math.min(data.length, (limit as number | undefined) ?? data.length);
  const total = references.length + some;
  return {
    train: await labelledVectors(references, vectors, {
      ...side,
      onProgress: done => onProgress?.(done, total),
    }),
    evaluated: await labelledVectors(data, vectors, {
      ...{ ...side, limit: some },
      onProgress: done => onProgress?.(references.length + done, total),
    }),
  };
}

/**
 * What is measured of classes that were ranked for each evaluated example: `accuracy`; `top5`, of more than five classes; `majority`, the accuracy of
 * always saying the commonest class of the training examples; `count`.
 *
 * @param ranked for each example classes, the likeliest first, at least one
 */
export function rankedEvaluation(
  { train, evaluated }: Comparison,
  ranked: readonly (readonly string[])[],
  context: EvaluatorContext,
): Evaluation {
  const { labels, ids, skipped } = evaluated;
  const classes = new Set(train.labels);
  const usual = commonest(train.labels);
  const scores = (hit: (label: string, i: number) => boolean) =>
    meanScores(labels.map((label, i) => Number(hit(label, i))));
  const named = {
    accuracy: scores((label, i) => ranked[i]![0] === label),
    ...(classes.size > 5 && { top5: scores((label, i) => ranked[i]!.slice(0, 5).includes(label)) }),
    majority: scores(label => label === usual),
  };
  return {
    ...measured(labels.length, named, context),
    items: ids.map((id, i) => ({ id, text: ranked[i]![0]!, label: labels[i]! })),
    skipped,
    warnings: [
      ...unknownWarning(labels, classes),
      ...sharedWarning(ids, train.ids),
      ...skippedWarning(train),
    ],
  };
}

function commonest(labels: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
}

function unknownWarning(labels: readonly string[], classes: ReadonlySet<string>): string[] {
  const unknown = labels.filter(label => !classes.has(label)).length;
  if (unknown === 0) return [];
  return [
    `${unknown} of ${labels.length} examples are of a class that no training example has, and count as misses`,
  ];
}

/** An example is its own nearest neighbour. */
function sharedWarning(ids: readonly string[], trained: readonly string[]): string[] {
  const known = new Set(trained);
  const shared = ids.filter(id => known.has(id)).length;
  return shared === 0
    ? []
    : [
        `${shared} of ${ids.length} examples have the id of a training example: if they are the same, the numbers say nothing`,
      ];
}

function skippedWarning({ skipped: { count, reasons } }: LabelledVectors): string[] {
  return count === 0 ? [] : [`${count} training examples could not be used; the first: ${reasons[0]}`];
}

function invalid(name: string, what: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', `the evaluator ${name} ${what}`);
}
