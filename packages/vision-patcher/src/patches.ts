import { ConfigError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/** Patches in a row, and rows of them. @throws ConfigError when they do not fill the image; `where` names the patcher */
export function patchSide(where: string, imageSize: number, patchSize: number): number {
  if (imageSize % patchSize === 0) return imageSize / patchSize;
  throw new ConfigError(
    'CONFIG_INVALID',
    `${where}: patchSize ${patchSize} does not divide the image side ${imageSize}`,
  );
}

/** Squares of P pixels, row by row: `float32[B, S, S, 3]` → `[B, (S / P)², P · P · 3]`, pixels of a square row-major, then colour. */
export function cutPatches(images: tf.Tensor, patchSize: number): tf.Tensor {
  const [batch, size] = images.shape as [number, number];
  const side = size / patchSize;
  const cut = tf.transpose(tf.reshape(images, [batch * side, patchSize, side, patchSize * 3]), [0, 2, 1, 3]);
  return tf.reshape(cut, [batch, side * side, patchSize * patchSize * 3]);
}
