import type * as tf from '@tensorflow/tfjs-core';
import { checkShape, lastExtent } from '../check';
import { differentiable, runFused } from '../fused';
import { layerNormGradKernel, layerNormKernel } from './reference';

/**
 * Layer normalisation over the last axis (Ba, Kiros and Hinton, 2016): y = gamma · (x − mean) / √(variance + epsilon) + beta.
 *
 * @param x `float32[…, D]`
 * @param gamma `float32[D]`
 * @param beta `float32[D]`
 * @returns `float32[…, D]`; differentiable by x, gamma and beta
 * @throws ShapeError when gamma or beta do not fit x
 */
export function layerNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { epsilon = 1e-6 } = {},
): T {
  const width = lastExtent('layerNorm', 'x', x);
  checkShape('layerNorm', 'gamma', gamma, [width]);
  checkShape('layerNorm', 'beta', beta, [width]);
  return differentiable(
    [x, gamma, beta],
    () => {
      const [y, mean, rstd] = runFused(layerNormKernel, { x, gamma, beta }, { epsilon });
      return { value: y as T, saved: [x, gamma, mean!, rstd!] };
    },
    (dy, [x, gamma, mean, rstd]) =>
      runFused(layerNormGradKernel, { x: x!, gamma: gamma!, mean: mean!, rstd: rstd!, dy }, { epsilon }),
  );
}
