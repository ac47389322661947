import { ConfigError, checkOptions, type Evaluator, OptionError, type OptionRule, rule } from '@simvlm/core';
import { captionScores } from '../captions';
import { measured } from '../measured';
import { pixelNearestNeighbour } from '../nearest-neighbour';

/** How a configuration names a source: a path or an address, or an object. */
const source: OptionRule = {
  expected: 'a source, such as "emoji" or { "path": … }',
  accepts: value => rule.string.accepts(value) || rule.object.accepts(value),
};

/**
 * `nearest-pixels`: a baseline without a model. Each picture gets the caption of the training picture with the most similar pixels; see
 * `pixelNearestNeighbours`. Options: `train`, the source of the training pictures; `size`, pixels a side at which they are compared; `limit`.
 */
export const nearestPixelsEvaluator: Evaluator = async ({ open }, data, options, context = {}) => {
  const where = 'evaluator nearest-pixels';
  checkOptions(where, options, { train: source, size: rule.integer(1, 1024), limit: rule.integer(1) });
  const { train, ...rest } = options;
  if (train === undefined) throw new OptionError(where, 'train', source.expected, train);
  if (!open) throw new ConfigError('CONFIG_INVALID', `${where}: no other pictures can be opened here`);
  const { signal, onProgress } = context;
  const neighbours = await pixelNearestNeighbour(await open(train), data, {
    ...rest,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return {
    ...measured(neighbours.length, captionScores(neighbours), context),
    items: neighbours.map(({ id, text, truth }) => ({ id, text, references: [truth] })),
  };
};
