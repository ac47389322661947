import {
  ConfigError,
  checkOptions,
  DataError,
  type EvaluationSubject,
  type Evaluator,
  type ExampleDataset,
  ImageError,
  type JsonValue,
  rule,
} from '@simvlm/core';
import { meanScores } from '@simvlm/metrics';
import type { SimVlm } from '@simvlm/model';
import { candidateDraw } from '../candidate-draw';
import { classOf } from '../features/labelled';
import { measured } from '../measured';
import { classifyByPrompts, type PromptNormalisation, type PromptOptions } from '../prompts/classify';
import { cutWarning } from './choice';

/** Classes of a picture that an item names. */
const NAMED = 5;

const prompts: Evaluator = async (
  { model, tokenizer, prompt = '' }: EvaluationSubject<SimVlm>,
  data,
  options,
  context = {},
) => {
  checkOptions('evaluator prompts', options, {
    ...{ label: rule.string, labels: rule.strings, templates: rule.strings },
    normalise: rule.oneOf('sum', 'length', 'prior'),
    ...{
      choices: rule.integer(2),
      seed: rule.integer(0),
      limit: rule.integer(1),
      batchSize: rule.integer(1),
    },
  });
  const given = options as Partial<PromptOptions> & {
    readonly labels?: readonly string[];
    readonly choices?: number;
    readonly seed?: number;
  };
  const { label = 'label', templates = [`${prompt} {}`], seed, choices } = given;
  const normalise: PromptNormalisation = given.normalise ?? 'sum';
  const labels = given.labels ?? (await classesIn(data, label));
  if (new Set(labels).size !== labels.length || labels.length < 2 || templates.length === 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      `evaluator prompts: there must be a template, and two different classes or more; got ${templates.length} and ${labels.length}`,
    );
  const draw =
    choices && (await candidateDraw(data, { choices, pool: labels, ...(seed !== undefined && { seed }) }));
  const { predictions, cut, skipped } = await classifyByPrompts(model, tokenizer, data, {
    ...{ label, templates, normalise, batchSize: given.batchSize ?? 16 },
    classesOf: draw || (() => labels),
    ...(given.limit !== undefined && { limit: given.limit }),
    ...(context.signal && { signal: context.signal }),
    ...(context.onProgress && { onProgress: context.onProgress }),
  });
  const scores = (of: (prediction: (typeof predictions)[number]) => number) =>
    meanScores(predictions.map(of));
  const unknown = predictions.filter(each => !each.classes.includes(each.label)).length;
  return {
    ...measured(
      predictions.length,
      {
        accuracy: scores(({ before }) => Number(before === 0)),
        ...((choices ?? labels.length) > NAMED && { top5: scores(({ before }) => Number(before < NAMED)) }),
        chance: scores(({ classes }) => 1 / classes.length),
      },
      context,
    ),
    items: predictions.map(({ id, label: truth, classes, scores: all }) => ({
      ...{ id, text: classes[0]!, label: truth },
      ...{ candidates: classes.slice(0, NAMED), scores: all.slice(0, NAMED) },
    })),
    skipped,
    warnings: [
      ...(unknown > 0
        ? [`${unknown} of ${predictions.length} examples are of none of the classes, and count as misses`]
        : []),
      ...cutWarning(cut),
    ],
  };
};

/**
 * `prompts`: zero-shot classification, by the prompt that the model finds likeliest for a picture. Options:
 *
 * ```
 * label       the field that is the class; `text` is the caption itself              default `label`
 * labels      the classes; `animal-bug` is written as `animal bug`                   default: all of the data
 * templates   prompts with {} for the class, whose scores are averaged               default: the task's prompt, then {}
 * normalise   sum: Σ log p of the class's words and the end; length: its mean over the tokens; prior: the sum less that for a grey picture
 *                                                                                    default `sum`
 * choices     compares a picture's class with so many others less one, drawn         default: with all classes
 * seed        of that draw                                                           default 0
 * limit, batchSize
 * ```
 *
 * What stands before {} is the text prefix, and not scored. Metrics: `accuracy`; `top5` where there are more than five classes; `chance`. A class
 * that is as likely as the true one counts before it.
 */
export const promptsEvaluator: Evaluator = Object.assign(prompts, {
  draws: ({ choices }: Readonly<Record<string, JsonValue>>) => choices !== undefined,
});

/** Every class of the data, in the order of their characters. */
async function classesIn(data: ExampleDataset, label: string): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let index = 0; index < data.length; index++) {
    try {
      found.add(classOf(data.outline?.(index) ?? (await data.get(index)), label));
    } catch (error) {
      // It is reported where pictures are read.
      if (!(error instanceof DataError || error instanceof ImageError)) throw error;
    }
  }
  return [...found].sort();
}
