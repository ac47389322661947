import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernel } from '../fused';
import { fusedKernel, type LayerNormAttrs } from '../kernels';

type Named<K extends string> = Record<K, tf.Tensor>;

/** Layer norm of plain tfjs operations. */
export const layerNormKernel: FusedKernel = {
  name: fusedKernel.layerNorm,
  reference({ x, gamma, beta }: Named<'x' | 'gamma' | 'beta'>, { epsilon }: LayerNormAttrs) {
    const rows = tf.reshape(x, [-1, gamma.size]);
    const mean = tf.mean(rows, 1, true);
    const centred = tf.sub(rows, mean);
    const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
    const y = tf.add(tf.mul(tf.mul(centred, rstd), gamma), beta);
    return [tf.reshape(y, x.shape), tf.reshape(mean, [-1]), tf.reshape(rstd, [-1])];
  },
};

/** Its gradient: dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)) with g = dy · gamma. */
export const layerNormGradKernel: FusedKernel = {
  name: fusedKernel.layerNormGrad,
  reference({ x, gamma, mean, rstd, dy }: Named<'x' | 'gamma' | 'mean' | 'rstd' | 'dy'>) {
    const rows = [-1, gamma.size];
    const scale = tf.reshape(rstd, [-1, 1]);
    const normed = tf.mul(tf.sub(tf.reshape(x, rows), tf.reshape(mean, [-1, 1])), scale);
    const dyRows = tf.reshape(dy, rows);
    const g = tf.mul(dyRows, gamma);
    const dx = tf.mul(
      tf.sub(tf.sub(g, tf.mean(g, 1, true)), tf.mul(normed, tf.mean(tf.mul(g, normed), 1, true))),
      scale,
    );
    return [tf.reshape(dx, x.shape), tf.sum(tf.mul(dyRows, normed), 0), tf.sum(dyRows, 0)];
  },
};
