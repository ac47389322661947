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
import { centerCrop } from '@simvlm/image';
import { prefixLmLearner, type SimVlm } from '@simvlm/model';

/** Learns to write what a field of the example says, such as its label, in place of its caption. Options: `field`. */
export const fieldTask: TaskFactory = (options, context: TaskContext<SimVlm>) => {
  checkOptions('field task', options, { field: rule.string });
  const { field } = options as { field?: string };
  if (field === undefined) throw new ConfigError('CONFIG_INVALID', 'field task: "field" is missing');
  const { model, tokenizer, train, val, seed, regularization, checkpointBlocks } = context;
  const { imageSize, maxTextLength } = model.config;
  if (!train) throw new DataError('DATA_NOT_FOUND', 'field task: there are no pictures to train on');

  const row = ({ id, image, fields }: Example): Row => {
    const value = fields?.[field];
    if (!image || typeof value !== 'string')
      throw new DataError('DATA_INVALID', `example "${id}" has no picture or no "${field}"`);
    const tokens = textTokens(value, tokenizer, maxTextLength);
    return { id, tokens, prefixLength: 0, image: centerCrop(image, imageSize) };
  };
  const made = {
    batchSize: context.batch.imageText,
    batches: (rows: Row[]) => [collate(rows, { pad: tokenizer.special.pad })],
  };

  return {
    learner: prefixLmLearner(model, { ...regularization, checkpointBlocks }),
    batches: stepSource([{ ...made, stream: train, row: ({ example }) => row(example) }]),
    ...(val && {
      validation: () => orderedBatches({ ...made, row, dataset: val, random: Random.fromSeed(seed) }),
    }),
    evaluators: ['colours'],
    metric: { name: 'colours/accuracy', better: 'higher' },
  };
};
