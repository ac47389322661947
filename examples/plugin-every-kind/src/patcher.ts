import { ConfigError, checkOptions, type PatcherFactory, rule } from '@simvlm/core';
import { layerNorm, linear } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Overlapping patches: a strided convolution whose kernel is twice its stride, then layer norm and ReLU, then a linear
 * map. Neighbouring tokens share pixels, as in the stems of CvT and PVTv2; ViT's patches do not overlap.
 *
 * Options: `stride` in pixels, the distance between two tokens; `channels` of the convolution.
 */
export const overlappingPatcher: PatcherFactory<tf.Tensor, tf.Tensor> = (
  options,
  { imageSize, width, params },
) => {
  checkOptions('overlapping patcher', options, {
    stride: rule.integer(1, 64),
    channels: rule.integer(1, 4096),
  });
  const stride = (options.stride as number | undefined) ?? 8;
  const channels = (options.channels as number | undefined) ?? 64;
  if (imageSize % stride !== 0) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `overlapping patcher: stride ${stride} does not divide image side ${imageSize}`,
    );
  }
  const side = imageSize / stride;
  const kernel = 2 * stride;
  const normal = (fanIn: number) => ({ kind: 'truncated-normal', std: Math.sqrt(1 / fanIn) }) as const;
  const filter: tf.Tensor = params.param(
    'filter',
    [kernel, kernel, 3, channels],
    normal(kernel * kernel * 3),
  );
  const gamma: tf.Tensor = params.param('norm.gamma', [channels], { kind: 'ones' });
  const beta: tf.Tensor = params.param('norm.beta', [channels], { kind: 'zeros' });
  const weight: tf.Tensor = params.param('out.weight', [channels, width], normal(channels));
  const bias: tf.Tensor = params.param('out.bias', [width], { kind: 'zeros' });

  return {
    grid: { height: side, width: side },
    patch: (images: tf.Tensor4D) =>
      tf.tidy(() => {
        const maps = tf.conv2d(images, filter as tf.Tensor4D, stride, 'same');
        const tokens = linear(tf.relu(layerNorm(maps, gamma, beta)), weight, bias);
        return tf.reshape(tokens, [images.shape[0], side * side, width]);
      }),
  };
};
