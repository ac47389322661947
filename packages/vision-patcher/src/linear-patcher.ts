import { checkOptions, type PatcherFactory, rule } from '@simvlm/core';
import { linearMap } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { cutPatches, patchSide } from './patches';

/**
 * Linear patches (Dosovitskiy et al., 2021): the image is cut into squares of `patchSize` pixels (default 16), and each is
 * mapped to a token. Parameters: `out.weight` [patchSize² · 3, D] (pixels row-major, then colour), `out.bias` [D].
 *
 * @throws ConfigError when the patches do not fill the image
 */
export const linearPatcher: PatcherFactory<tf.Tensor, tf.Tensor> = (
  options,
  { imageSize, width, params },
) => {
  checkOptions('linear patcher', options, { patchSize: rule.integer(1, 4096) });
  const size = (options.patchSize as number | undefined) ?? 16;
  const side = patchSide('linear patcher', imageSize, size);
  const inputs = size * size * 3;
  const map = linearMap(params.scope('out'), {
    inputs,
    outputs: width,
    init: { kind: 'truncated-normal', std: Math.sqrt(1 / inputs) },
  });
  return {
    grid: { height: side, width: side },
    patch: images => tf.tidy(() => map(cutPatches(images, size))),
  };
};
