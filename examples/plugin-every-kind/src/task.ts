import {
  ConfigError,
  checkOptions,
  DataError,
  type Example,
  Random,
  rule,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import { collate, orderedBatches, type Row, stepSource, textTokens } from '@simvlm/data';
import { prefixLmLearner, type SimVlm } from '@simvlm/model';

/** Learns to write what a field of the example says, such as its label, in place of its caption. Options: `field`. */
export const fieldTask: TaskFactory = (options, context: TaskContext<SimVlm>) => {
  checkOptions('field task', options, { field: rule.string });
  const { field } = options as { field?: string };
  if (field === undefined) throw new ConfigError('CONFIG_INVALID', 'field task: "field" is missing');
  const { model, tokenizer, train, val, seed, regularization, checkpointBlocks } = context;
  const random = Random.fromSeed(seed);

  const row = ({ id, image, text, fields }: Example, draws?: Random): Row => {
    const value = fields?.[field];
    if (!image || typeof value !== 'string')
      throw new DataError('DATA_INVALID', `example "${id}" has no picture or no "${field}"`);
    return {
      ...{ id, prefixLength: 0, image: context.transform(image, draws, text) },
      tokens: textTokens(value, tokenizer, model.config.maxTextLength),
    };
  };
  const made = {
    batchSize: context.batch.imageText,
    batches: (rows: Row[]) => [collate(rows, { pad: tokenizer.special.pad })],
  };
  const names = { name: 'pictures', rowName: 'picture', noun: 'picture' };

  return {
    learner: prefixLmLearner(model, { ...regularization, checkpointBlocks }),
    batches: stepSource([{ ...names, ...made, row, dataset: train }], random.fork('data')),
    ...(val && {
      validation: () => orderedBatches({ ...made, random, dataset: val, row: example => row(example) }),
    }),
    evaluators: ['colours'],
    metric: { name: 'colours/accuracy', better: 'higher' },
  };
};
