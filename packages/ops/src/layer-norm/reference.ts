import type * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../fused';
import { fusedKernel, type LayerNormAttrs } from '../kernels';

type Named<K extends string> = Record<K, tf.Tensor>;

/** Layer norm of plain tfjs operations. */
export const layerNormKernel: FusedKernel = {
  name: fusedKernel.layerNorm,
  reference({ x, gamma, beta }: Named<'x' | 'gamma' | 'beta'>, { epsilon }: LayerNormAttrs) {
    const rows = x.reshape([-1, gamma.size]);
    const mean = rows.mean(1, true);
    const centred = rows.sub(mean);
    const rstd = centred.square().mean(1, true).add(epsilon).rsqrt();
    const y = centred.mul(rstd).mul(gamma).add(beta);
    return [y.reshape(x.shape), mean.reshape([-1]), rstd.reshape([-1])];
  },
};

/** Its gradient: dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)) with g = dy · gamma. */
export const layerNormGradKernel: FusedKernel = {
  name: fusedKernel.layerNormGrad,
  reference({ x, gamma, mean, rstd, dy }: Named<'x' | 'gamma' | 'mean' | 'rstd' | 'dy'>) {
    const rows = [-1, gamma.size];
    const scale = rstd.reshape([-1, 1]);
    const normed = x
      .reshape(rows)
      .sub(mean.reshape([-1, 1]))
      .mul(scale);
    const dyRows = dy.reshape(rows);
    const g = dyRows.mul(gamma);
    const dx = g
      .sub(g.mean(1, true))
      .sub(normed.mul(g.mul(normed).mean(1, true)))
      .mul(scale);
    return [dx.reshape(x.shape), dyRows.mul(normed).sum(0), dyRows.sum(0)];
  },
};
