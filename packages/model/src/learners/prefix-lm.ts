import { FILES, jsonFile } from '@simvlm/checkpoint';
import type { JsonValue, Learner, PrefixLmBatch } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { ModelInput } from '../input';
import { drops, type SimVlm } from '../simvlm';
import { blocksAbove } from './blocks-above';
import { withExchangedImages } from './exchanged-images';
import { type LearnerOptions, resolveLearnerOptions } from './options';

/**
 * The model with its prefix-LM loss (equation 3 of the paper), over the loss tokens of a batch: pretraining, captioning and open-ended answers
 * (the question is the prefix). Of a model with adapters these alone are trained. The model stays the caller's.
 *
 * @throws ConfigError for options out of range
 */
export function prefixLmLearner(
  model: SimVlm,
  options: LearnerOptions = {},
): Learner<PrefixLmBatch, tf.Tensor, tf.Variable> {
  const resolved = resolveLearnerOptions('prefix-LM learner', options);
  return {
    kind: 'prefix-lm',
    params: model.params,
    get trainable() {
      return model.trainable;
    },
    identity: model.config as unknown as JsonValue,
    options: resolved,
    blocksAbove: blocksAbove(model.params.names()),
    files: () => new Map([[FILES.model, jsonFile(model.config)]]),
    rows: ({ size }) => size,
    count: batch => model.lossTokens(batch),
    exchangeImages: withExchangedImages,
    feeds: (batch, { padding, random }) =>
      model.inputArrays(batch, padding, drops(resolved) ? random : undefined),
    loss: (feeds, training) => model.lossOf(feeds as unknown as ModelInput, training ? resolved : {}),
  };
}
