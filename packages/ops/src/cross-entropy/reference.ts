import * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../fused';
import { type CrossEntropyAttrs, fusedKernel } from '../kernels';

type Named<K extends string> = Record<K, tf.Tensor>;

function target(labels: tf.Tensor, vocabSize: number, labelSmoothing: number): tf.Tensor {
  const oneHot = tf.oneHot(labels as tf.Tensor1D, vocabSize).cast('float32');
  return labelSmoothing === 0 ? oneHot : oneHot.mul(1 - labelSmoothing).add(labelSmoothing / vocabSize);
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
    const expected = shifted.mul(target(labels, logits.shape[1]!, labelSmoothing)).sum(1);
    return [logSum.sub(expected).mul(weights), logSum.add(largest.reshape([-1]))];
  },
};

/** Its gradient: weight · dy · (softmax − target). */
export const crossEntropyGradKernel: FusedKernel = {
  name: fusedKernel.crossEntropyGrad,
  reference(
    { logits, labels, weights, lse, dy }: Named<'logits' | 'labels' | 'weights' | 'lse' | 'dy'>,
    { labelSmoothing }: CrossEntropyAttrs,
  ) {
    const softmax = logits.sub(lse.reshape([-1, 1])).exp();
    const scale = weights.mul(dy).reshape([-1, 1]);
    return [softmax.sub(target(labels, logits.shape[1]!, labelSmoothing)).mul(scale)];
  },
};
