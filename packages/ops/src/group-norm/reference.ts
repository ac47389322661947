import type * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../fused';
import { fusedKernel, type GroupNormAttrs } from '../kernels';

type Named<K extends string> = Record<K, tf.Tensor>;

/** `[B, h, w, C]` as `[B, h·w, G, C/G]`. */
function grouped(x: tf.Tensor, groups: number): { view: tf.Tensor; perGroup: number[] } {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  return {
    view: x.reshape([batch, height * width, groups, channels / groups]),
    perGroup: [batch, 1, groups, 1],
  };
}

/** Group norm of plain tfjs operations. */
export const groupNormKernel: FusedKernel = {
  name: fusedKernel.groupNorm,
  reference(
    { x, gamma, beta }: Named<'x' | 'gamma' | 'beta'>,
    { groups, epsilon, activation }: GroupNormAttrs,
  ) {
    const { view } = grouped(x, groups);
    const mean = view.mean([1, 3], true);
    const centred = view.sub(mean);
    const rstd = centred.square().mean([1, 3], true).add(epsilon).rsqrt();
    const y = centred.mul(rstd).reshape(x.shape).mul(gamma).add(beta);
    const perGroup = [x.shape[0]!, groups];
    return [activation === 'relu' ? y.relu() : y, mean.reshape(perGroup), rstd.reshape(perGroup)];
  },
};

/** Its gradient: as layer norm's, with means over each group; ReLU passes dy where the output was positive. */
export const groupNormGradKernel: FusedKernel = {
  name: fusedKernel.groupNormGrad,
  reference(
    { x, gamma, beta, mean, rstd, dy }: Named<'x' | 'gamma' | 'beta' | 'mean' | 'rstd' | 'dy'>,
    { groups, activation }: GroupNormAttrs,
  ) {
    const { view, perGroup } = grouped(x, groups);
    const scale = rstd.reshape(perGroup);
    const normed = view.sub(mean.reshape(perGroup)).mul(scale);
    const flat = normed.reshape(x.shape);
    const passed = activation === 'relu' ? dy.mul(flat.mul(gamma).add(beta).greater(0).cast('float32')) : dy;
    const g = passed.mul(gamma).reshape(view.shape);
    const dx = g
      .sub(g.mean([1, 3], true))
      .sub(normed.mul(g.mul(normed).mean([1, 3], true)))
      .mul(scale);
    return [dx.reshape(x.shape), passed.mul(flat).sum([0, 1, 2]), passed.sum([0, 1, 2])];
  },
};
