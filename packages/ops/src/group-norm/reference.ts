import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernel } from '../fused';
import { fusedKernel, type GroupNormAttrs } from '../kernels';

type Named<K extends string> = Record<K, tf.Tensor>;

/** `[B, h, w, C]` as `[B, h·w, G, C/G]`. */
function grouped(x: tf.Tensor, groups: number): { view: tf.Tensor; perGroup: number[] } {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  return {
    view: tf.reshape(x, [batch, height * width, groups, channels / groups]),
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
    const mean = tf.mean(view, [1, 3], true);
    const centred = tf.sub(view, mean);
    const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), [1, 3], true), epsilon));
    const y = tf.add(tf.mul(tf.reshape(tf.mul(centred, rstd), x.shape), gamma), beta);
    const perGroup = [x.shape[0]!, groups];
    return [activation === 'relu' ? tf.relu(y) : y, tf.reshape(mean, perGroup), tf.reshape(rstd, perGroup)];
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
    const scale = tf.reshape(rstd, perGroup);
    const normed = tf.mul(tf.sub(view, tf.reshape(mean, perGroup)), scale);
    const flat = tf.reshape(normed, x.shape);
    const passed =
      activation === 'relu'
        ? tf.mul(dy, tf.cast(tf.greater(tf.add(tf.mul(flat, gamma), beta), 0), 'float32'))
        : dy;
    const g = tf.reshape(tf.mul(passed, gamma), view.shape);
    const dx = tf.mul(
      tf.sub(tf.sub(g, tf.mean(g, [1, 3], true)), tf.mul(normed, tf.mean(tf.mul(g, normed), [1, 3], true))),
      scale,
    );
    return [tf.reshape(dx, x.shape), tf.sum(tf.mul(passed, flat), [0, 1, 2]), tf.sum(passed, [0, 1, 2])];
  },
};
