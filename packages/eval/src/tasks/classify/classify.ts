import {
  ConfigError,
  checkOptions,
  type JsonValue,
  rule,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { type ClassifierSpec, classifier } from './classifier';

const options = {
  labels: rule.strings,
  vocabulary: rule.integer(2, 10_000_000),
  target: rule.oneOf('label', 'number'),
  reads: rule.string,
  prefix: rule.string,
  pictures: {
    expected: 'an integer from 0 to 8, or "any"',
    accepts: (value: unknown) => value === 'any' || rule.integer(0, 8).accepts(value),
  },
};

/**
 * `classify`: a linear head on the decoder's output that tells labels apart, which examples have in `fields.label`.
 *
 * Options:
 * - `labels`: their names (default: those of the training data, sorted)
 * - `vocabulary`: the labels are so many answers, the most frequent in `fields.answer` of the training data
 * - `target`: `number` learns the number in `fields.label` by its squared error; default `label`
 * - `reads`: the field whose text the decoder reads beside the picture, such as `question`, or `text` for the example's text (default: none, as
 *   a caption could give the label away)
 * - `prefix`: the field whose text is read before it, by the encoder or as the prefix of a decoder alone
 * - `pictures`: how many an example has (default 1). Each passes through the model with the text, and the head reads all outputs, as the paper
 *   does for NLVR2. `0` reads text alone; with `any` an example has a picture, or else its prefix in the picture's place
 */
export const classifyTask: TaskFactory = Object.assign(
  (given: Readonly<Record<string, JsonValue>>, context: TaskContext<SimVlm>) => {
    checkOptions('task classify', given, options);
    return classifier(specOf(given), context);
  },
  {
    pictureless: 'examples',
    fields: ({ reads, prefix }: Readonly<Record<string, JsonValue>>) =>
      [reads, prefix].filter(field => typeof field === 'string'),
  } as const,
);

/** @throws ConfigError for options that exclude each other */
function specOf(given: Readonly<Record<string, JsonValue>>): ClassifierSpec {
  const { labels, vocabulary, target, reads, prefix, pictures = 1 } = given;
  const decided = { labels, vocabulary, target: target === 'number' ? target : undefined };
  const named = Object.entries(decided).flatMap(([key, value]) => (value === undefined ? [] : [`"${key}"`]));
  if (named.length > 1)
    throw new ConfigError(
      'CONFIG_INVALID',
      `task classify: ${named.join(' and ')} exclude each other: give one of them`,
    );
  return {
    where: 'task classify',
    ...{ reads: reads as string | undefined, prefix: prefix as string | undefined },
    pictures: pictures as number | 'any',
    decides:
      target === 'number'
        ? 'number'
        : vocabulary === undefined
          ? { labels: labels as readonly string[] | undefined }
          : { vocabulary: vocabulary as number },
  };
}
