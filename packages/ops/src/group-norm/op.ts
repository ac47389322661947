import { ConfigError } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkShape } from '../check';
import { differentiable, runFused } from '../fused';
import type { GroupNormAttrs } from '../kernels';
import { groupNormGradKernel, groupNormKernel } from './reference';

export interface GroupNormOptions {
  /** G, which divides C. */
  readonly groups: number;
  readonly epsilon?: number;
  /** `relu` is applied after scale and shift, in the same pass. */
  readonly activation?: 'none' | 'relu';
}

/**
 * Group normalisation (Wu and He, 2018) of maps: each example and group of channels has its own mean and variance, so
 * that no running statistics exist and one example never changes another's output.
 *
 * @param x `float32[B, h, w, C]`
 * @param gamma `float32[C]`
 * @param beta `float32[C]`
 * @returns `float32[B, h, w, C]`; differentiable by x, gamma and beta
 * @throws ShapeError when gamma or beta do not fit x; ConfigError when the groups do not divide C
 */
export function groupNorm(
  x: tf.Tensor4D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { groups, epsilon = 1e-6, activation = 'none' }: GroupNormOptions,
): tf.Tensor4D {
  checkShape('groupNorm', 'x', x, [-1, -1, -1, -1]);
  const channels = x.shape[3];
  checkShape('groupNorm', 'gamma', gamma, [channels]);
  checkShape('groupNorm', 'beta', beta, [channels]);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ConfigError('CONFIG_INVALID', `groupNorm: ${groups} groups do not divide ${channels} channels`);
  }
  const attrs: GroupNormAttrs = { groups, epsilon, activation };
  return differentiable(
    [x, gamma, beta],
    () => {
      const [y, mean, rstd] = runFused(groupNormKernel, { x, gamma, beta }, attrs);
      return { value: y as tf.Tensor4D, saved: [x, gamma, beta, mean!, rstd!] };
    },
    (dy, [x, gamma, beta, mean, rstd]) =>
      runFused(
        groupNormGradKernel,
        { x: x!, gamma: gamma!, beta: beta!, mean: mean!, rstd: rstd!, dy },
        attrs,
      ),
  );
}
