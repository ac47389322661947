import type * as tf from '@tensorflow/tfjs-core';
import { checkDtype, checkShape } from '../check';
import { differentiable, runFused } from '../fused';
import type { CrossEntropyAttrs } from '../kernels';
import { crossEntropyGradKernel, crossEntropyKernel } from './reference';

/**
 * Softmax cross-entropy of each row times its weight. Rows of weight 0 (padding, the prefix) count for nothing, in the
 * value and in the gradient.
 *
 * With label smoothing s (Szegedy et al., 2016) the target is (1 − s) · one-hot + s / V.
 *
 * @param logits `float32[R, V]`
 * @param labels `int32[R]`, each in [0, V); anything in rows of weight 0
 * @param weights `float32[R]`
 * @returns `float32[R]`, in nats: weight · (logsumexp(logits) − Σ target · logits); differentiable by the logits
 * @throws ShapeError when shapes or dtypes do not fit
 */
export function crossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  weights: tf.Tensor,
  { labelSmoothing = 0 }: Partial<CrossEntropyAttrs> = {},
): tf.Tensor1D {
  checkShape('crossEntropy', 'logits', logits, [-1, -1]);
  checkShape('crossEntropy', 'labels', labels, [logits.shape[0]!]);
  checkShape('crossEntropy', 'weights', weights, [logits.shape[0]!]);
  checkDtype('crossEntropy', 'labels', labels, 'int32');
  const attrs: CrossEntropyAttrs = { labelSmoothing };
  return differentiable(
    [logits],
    () => {
      const [loss, lse] = runFused(crossEntropyKernel, { logits, labels, weights }, attrs);
      return { value: loss as tf.Tensor1D, saved: [logits, labels, weights, lse!] };
    },
    (dy, [logits, labels, weights, lse]) =>
      runFused(
        crossEntropyGradKernel,
        { logits: logits!, labels: labels!, weights: weights!, lse: lse!, dy },
        attrs,
      ),
  );
}
