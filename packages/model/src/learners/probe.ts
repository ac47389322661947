import { FILES, jsonFile } from '@simvlm/checkpoint';
import { ConfigError, type JsonValue, type Learner, ParameterTree, ShapeError } from '@simvlm/core';
import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { ProbeHead } from '../finetune/probe';
import { drops } from '../simvlm';
import { type LearnerOptions, resolveLearnerOptions } from './options';

/** Features of pictures, and their classes. */
export interface ProbeBatch {
  /** `float32[B, W]` */
  readonly features: Float32Array;
  /** `int32[B]`, each in [0, C) */
  readonly labels: Int32Array;
}

/**
 * A probe with its cross-entropy over the rows of a batch: the model is frozen, and its features are computed before. A checkpoint has the weights of
 * both. Model and head stay the caller's.
 *
 * @throws ConfigError for options out of range, and for dropout or stochastic depth: what is frozen is not regularised
 */
export function probeLearner(
  head: ProbeHead,
  options: LearnerOptions = {},
): Learner<ProbeBatch, tf.Tensor, tf.Variable> {
  const resolved = resolveLearnerOptions('probe learner', options);
  if (drops(resolved))
    throw new ConfigError(
      'CONFIG_INVALID',
      'probe learner: "dropout" and "stochasticDepth" are for a model that is trained, and this one is frozen',
    );
  const { labelSmoothing } = resolved;
  const { model, classes, width } = head;
  return {
    kind: 'probe',
    params: ParameterTree.from([...model.params, ...head.params]),
    trainable: head.trainable,
    identity: { ...(model.config as unknown as { [key: string]: JsonValue }), probe: { classes } },
    options: { labelSmoothing },
    files: () =>
      new Map([
        [FILES.model, jsonFile(model.config)],
        [FILES.classifier, jsonFile({ classes, features: 'frozen' })],
      ]),
    rows: ({ labels }) => labels.length,
    count: ({ labels }) => labels.length,
    feeds({ features, labels }) {
      if (features.length !== labels.length * width)
        throw new ShapeError(
          `probe: ${labels.length} labels need features [${labels.length}, ${width}], got ${features.length} numbers`,
        );
      return {
        features: { shape: [labels.length, width], values: features },
        labels: { shape: [labels.length], values: labels },
      };
    },
    loss: ({ features, labels }, training) =>
      tf.tidy(() => {
        const weights = tf.ones([labels!.shape[0]!]) as tf.Tensor1D;
        const smoothing = { labelSmoothing: training ? labelSmoothing : 0 };
        return tf.sum(crossEntropy(head.logits(features!), labels!, weights, smoothing));
      }),
  };
}
