import { FILES, jsonFile } from '@simvlm/checkpoint';
import type { JsonValue, Learner, PrefixLmBatch } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { ClassifierHead } from '../finetune/classifier';
import { checkSmoothing } from '../finetune/classifier-target';
import { drops } from '../simvlm';
import { blocksAbove } from './blocks-above';
import { withExchangedImages } from './exchanged-images';
import { type LearnerOptions, resolveLearnerOptions } from './options';

/** Rows to classify. */
export interface ClassifierBatch {
  /** For each pass through the model its rows, equally many. */
  readonly passes: readonly PrefixLmBatch[];
  /** `int32[B]` classes in [0, C), `float32[B · C]` scores from 0 to 1, or `float32[B]` numbers: as the head's target asks. */
  readonly labels: Int32Array | Float32Array;
  /** `int32[B]`: as in `ClassifierPlace`. */
  readonly tokens?: Int32Array;
}

/**
 * A classifier with the loss of its target over the rows of a batch. It trains what its model has to train, and the head. Model and head stay the
 * caller's. A checkpoint has the weights of both, but none of a head that makes logits of words, which a classifier does not read;
 * `classifier.json` says what the classifier is.
 *
 * @throws ConfigError for options out of range, and for label smoothing where no single class is right
 */
export function classifierLearner(
  head: ClassifierHead,
  options: LearnerOptions = {},
): Learner<ClassifierBatch, tf.Tensor, tf.Variable> {
  const resolved = resolveLearnerOptions('classifier learner', options);
  const { model, description } = head;
  checkSmoothing(head.target, resolved.labelSmoothing);
  const params = head.read;
  return {
    kind: 'classifier',
    params,
    get trainable() {
      return head.trainable;
    },
    identity: {
      ...(model.config as unknown as { [key: string]: JsonValue }),
      classifier: description,
    },
    options: resolved,
    blocksAbove: blocksAbove(params.names()),
    files: () =>
      new Map([
        [FILES.model, jsonFile(model.config)],
        [FILES.classifier, jsonFile(description)],
      ]),
    rows: ({ passes }) => passes[0]!.size,
    count: ({ passes }) => passes[0]!.size,
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
