import * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../fused';
import { type CrossEntropyAttrs, fusedKernel } from '../kernels';

type Named<K extends string> = Record<K, tf.Tensor>;

/** Where each label stands: `bool[R, V]`. tfjs's oneHot refuses a vocabulary of one. */
function hits(labels: tf.Tensor, vocabSize: number): tf.Tensor {
  return labels.reshape([-1, 1]).equal(tf.range(0, vocabSize, 1, 'int32'));
}

/** `x` where `scale` is not 0: numbers that count for nothing may be infinite or NaN, and times 0 would still be NaN. */
function whereCounted(scale: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.where(scale.notEqual(0), x.mul(scale), tf.scalar(0));
}

/** Weighted cross-entropy of plain tfjs operations, stable for large logits. */
export const crossEntropyKernel: FusedKernel = {
  name: fusedKernel.crossEntropy,
  reference(
    { logits, labels, weights }: Named<'logits' | 'labels' | 'weights'>,
    { labelSmoothing }: CrossEntropyAttrs,
  ) {
    const largest = logits.max(1, true);
    const shifted = logits.sub(largest);
    const logSum = shifted.exp().sum(1).log();
    // Picked, not multiplied by the target: −∞ · 0 is NaN.
    const picked = tf.where(hits(labels, logits.shape[1]!), shifted, tf.scalar(0)).sum(1);
    const expected =
      labelSmoothing === 0 ? picked : picked.mul(1 - labelSmoothing).add(shifted.mean(1).mul(labelSmoothing));
    return [whereCounted(weights, logSum.sub(expected)), logSum.add(largest.reshape([-1]))];
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
    const softmax = logits.sub(lse.reshape([-1, 1])).exp();
    const target = hits(labels, vocabSize)
      .cast('float32')
      .mul(1 - labelSmoothing)
      .add(labelSmoothing / vocabSize);
    return [whereCounted(weights.mul(dy).reshape([-1, 1]), softmax.sub(target))];
  },
};
