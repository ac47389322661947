import { FILES, jsonFile } from '@simvlm/checkpoint';
import type { JsonValue, Learner, PrefixLmBatch } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs';
import type { ClassifierHead } from '../finetune/classifier';
import { drops } from '../simvlm';
import { blocksAbove } from './blocks-above';
import { withExchangedImages } from './exchanged-images';
import { type LearnerOptions, resolveLearnerOptions } from './options';

/** Rows to classify. */
export interface ClassifierBatch {
  /** For each pass through the model its rows, equally many. */
  readonly passes: readonly PrefixLmBatch[];
  /** `int32[B]`, each in [0, C) */
  readonly labels: Int32Array;
  /** `int32[B]`: as in `ClassifierPlace`. */
  readonly tokens?: Int32Array;
}

/**
 * A classifier with its cross-entropy over the rows of a batch. It trains what its model has to train, and the head. Model and head stay the
 * caller's. A checkpoint has the weights of both, but none of a head that makes logits of words, which a classifier does not read;
 * `classifier.json` says what the classifier is.
 *
 * @throws ConfigError for options out of range
 */
export function classifierLearner(
  head: ClassifierHead,
  options: LearnerOptions = {},
): Learner<ClassifierBatch, tf.Tensor, tf.Variable> {
  const resolved = resolveLearnerOptions('classifier learner', options);
  const { model, classes, passes } = head;
  const params = head.read;
  return {
    kind: 'classifier',
    params,
    get trainable() {
      return head.trainable;
    },
    identity: {
      ...(model.config as unknown as { [key: string]: JsonValue }),
      classifier: { classes, passes },
    },
    options: resolved,
    blocksAbove: blocksAbove(params.names()),
    files: () =>
      new Map([
        [FILES.model, jsonFile(model.config)],
        [FILES.classifier, jsonFile({ classes, passes })],
      ]),
    rows: ({ labels }) => labels.length,
    count: ({ labels }) => labels.length,
    exchangeImages(batch) {
      const exchanged = batch.passes.map(withExchangedImages);
      return exchanged.every(each => each !== undefined) ? { ...batch, passes: exchanged } : undefined;
    },
    feeds: ({ passes, labels, tokens }, { padding, random }) =>
      head.inputArrays(passes, {
        ...{ labels, padding },
        ...(tokens && { tokens }),
        ...(random && drops(resolved) && { random }),
      }),
    loss: (feeds, training) => head.lossOf(feeds, training ? resolved : {}),
  };
}
