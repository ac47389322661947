import { type FedTensors, ParameterTree } from '@simvlm/core';
import type { TrainLearner } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { Points } from './points';

/** A network of one hidden layer that says whether a point lies in a circle: all that the trainer needs to know of a model. */
export function circleLearner(): TrainLearner<Points> & { logits(x: tf.Tensor): tf.Tensor } {
  const variable = (shape: [number, number], seed: number) =>
    tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 0.7, 'float32', seed)));
  const hidden = variable([3, 16], 1);
  const out = variable([16, 1], 2);
  const params = ParameterTree.from([
    ['hidden.weight', hidden],
    ['out.weight', out],
  ]);
  const logits = (x: tf.Tensor) => tf.matMul(tf.tanh(tf.matMul(x as tf.Tensor2D, hidden)), out);
  return {
    ...{ kind: 'circle', identity: { hidden: 16 }, params, trainable: params, logits },
    rows: ({ labels }) => labels.length,
    count: ({ labels }) => labels.length,
    feeds: ({ xy, labels }) => ({
      x: { shape: [labels.length, 3], values: xy },
      y: { shape: [labels.length, 1], values: labels },
    }),
    // The sum of the binary cross-entropy over the rows.
    loss: ({ x, y }: FedTensors<tf.Tensor>) => {
      const z = logits(x!);
      return tf.sum(tf.sub(tf.softplus(z), tf.mul(y!, z)));
    },
  };
}
