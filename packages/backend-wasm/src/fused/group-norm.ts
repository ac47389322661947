import { fusedKernel, type GroupNormAttrs } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import { defineFused } from './define';
import { grainOf } from './grain';
import { sumPartials } from './reduce';

/** Pictures from which on a picture is one item; below, its channels are cut into blocks to occupy all threads. */
const WHOLE_PICTURES = 8;
/** Channels of a block, at least: 256 bytes of each pixel. */
const BLOCK_CHANNELS = 64;

interface Layout {
  batch: number;
  pixels: number;
  channels: number;
  groupsPerItem: number;
  items: number;
  /** Channels of an item. */
  width: number;
}

function layout(x: tf.TensorInfo, groups: number): Layout {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const perBlock = Math.ceil((BLOCK_CHANNELS * groups) / channels);
  const groupsPerItem = batch >= WHOLE_PICTURES ? groups : Math.min(groups, perBlock);
  return {
    batch,
    pixels: height * width,
    channels,
    groupsPerItem,
    items: batch * Math.ceil(groups / groupsPerItem),
    width: (groupsPerItem * channels) / groups,
  };
}

export const groupNorm = defineFused<'x' | 'gamma' | 'beta', GroupNormAttrs>(
  fusedKernel.groupNorm,
  ({ x, gamma, beta }, { groups, epsilon, activation }, backend) => {
    const { batch, pixels, channels, groupsPerItem, items, width } = layout(x, groups);
    const y = backend.output(x.shape);
    const mean = backend.output([batch, groups]);
    const rstd = backend.output([batch, groups]);
    backend.runtime.withScratch(items * 2 * width * 4, scratch => {
      const tensors = [x, gamma, beta, y, mean, rstd].map(tensor => backend.pointer(tensor));
      const sizes = [pixels, channels, groups, groupsPerItem];
      const relu = activation === 'relu' ? 1 : 0;
      backend.runJob(
        'fusedGroupNorm',
        items,
        [...tensors, scratch, ...sizes, { f32: epsilon }, relu],
        grainOf((pixels * width) / 3),
      );
    });
    return [y, mean, rstd];
  },
);

export const groupNormGrad = defineFused<'x' | 'gamma' | 'beta' | 'mean' | 'rstd' | 'dy', GroupNormAttrs>(
  fusedKernel.groupNormGrad,
  ({ x, gamma, beta, mean, rstd, dy }, { groups, activation }, backend) => {
    const { batch, pixels, channels, groupsPerItem, items, width } = layout(x, groups);
    const dx = backend.output(x.shape);
    const dgamma = backend.output([channels]);
    const dbeta = backend.output([channels]);
    const partialBytes = batch * 2 * channels * 4;
    backend.runtime.withScratch(partialBytes + items * 5 * width * 4, partial => {
      const tensors = [x, gamma, beta, mean, rstd, dy, dx].map(tensor => backend.pointer(tensor));
      const sizes = [pixels, channels, groups, groupsPerItem];
      const relu = activation === 'relu' ? 1 : 0;
      backend.runJob(
        'fusedGroupNormGrad',
        items,
        [...tensors, partial, partial + partialBytes, ...sizes, relu],
        grainOf((pixels * width) / 2),
      );
      sumPartials(backend, partial, dgamma, batch, channels, 2 * channels);
      sumPartials(backend, partial + 4 * channels, dbeta, batch, channels, 2 * channels);
    });
    return [dx, dgamma, dbeta];
  },
);
