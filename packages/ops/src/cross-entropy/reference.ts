import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernel } from '../fused';
import { type CrossEntropyAttrs, fusedKernel } from '../kernels';

type Named<K extends string> = Record<K, tf.Tensor>;

/** Where each label stands: `bool[R, V]`. tfjs's oneHot refuses a vocabulary of one. */
function hits(labels: tf.Tensor, vocabSize: number): tf.Tensor {
  return tf.equal(tf.reshape(labels, [-1, 1]), tf.range(0, vocabSize, 1, 'int32'));
}

/** `x` where `scale` is not 0: numbers that count for nothing may be infinite or NaN, and times 0 would still be NaN. */
function whereCounted(scale: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.where(tf.notEqual(scale, 0), tf.mul(x, scale), tf.scalar(0));
}

/** Weighted cross-entropy of plain tfjs operations, stable for large logits. */
export const crossEntropyKernel: FusedKernel = {
  name: fusedKernel.crossEntropy,
  reference(
    { logits, labels, weights }: Named<'logits' | 'labels' | 'weights'>,
    { labelSmoothing }: CrossEntropyAttrs,
  ) {
    const largest = tf.max(logits, 1, true);
    const shifted = tf.sub(logits, largest);
    const logSum = tf.log(tf.sum(tf.exp(shifted), 1));
    // Picked, not multiplied by the target: −∞ · 0 is NaN.
    const picked = tf.sum(tf.where(hits(labels, logits.shape[1]!), shifted, tf.scalar(0)), 1);
    const expected =
      labelSmoothing === 0
        ? picked
        : tf.add(tf.mul(picked, 1 - labelSmoothing), tf.mul(tf.mean(shifted, 1), labelSmoothing));
    return [whereCounted(weights, tf.sub(logSum, expected)), tf.add(logSum, tf.reshape(largest, [-1]))];
  },
};

/** Its gradient: weight · dy · (softmax − target). */
export const crossEntropyGradKernel: FusedKernel = {
  name: fusedKernel.crossEntropyGrad,
  reference(
    { logits, labels, weights, lse, dy }: Named<'logits' | 'labels' | 'weights' | 'lse' | 'dy'>,
    { labelSmoothing }: CrossEntropyAttrs,
  ) {
    const vocabSize = logits.shape[1]!;
    const softmax = tf.exp(tf.sub(logits, tf.reshape(lse, [-1, 1])));
    const target = tf.add(
      tf.mul(tf.cast(hits(labels, vocabSize), 'float32'), 1 - labelSmoothing),
      labelSmoothing / vocabSize,
    );
    return [whereCounted(tf.reshape(tf.mul(weights, dy), [-1, 1]), tf.sub(softmax, target))];
  },
};
