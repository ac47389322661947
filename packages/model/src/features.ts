import { ShapeError } from '@simvlm/core';
import { packBytes } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { checkBytes } from './layout';
import type { ModelCore } from './network/contract';

/** Pictures as vectors. */
export interface Features {
  /** D of the encoder or the stack, else W of the patcher. */
  readonly width: number;
  /** `float32[B, width]`, row-major. */
  readonly values: Float32Array;
}

/** See `SimVlm.features`. */
export async function features({ config, network }: ModelCore, images: Uint8Array): Promise<Features> {
  checkBytes('features', images);
  const { imageSize: side } = config;
  const count = images.length / (side * side * 3);
  if (count === 0 || !Number.isInteger(count))
    throw new ShapeError(
      `features: images must be uint8[B, ${side}, ${side}, 3] of one picture or more, got ${images.length} numbers`,
    );
  const { imageTokens: N, grid } = network;
  const cells = grid.height * grid.width;
  const pooled = tf.tidy(() => {
    const packed = packBytes(images, count);
    const states_BND = network.imageStates(tf.tensor2d(packed, [count, packed.length / count], 'int32'));
    return tf.mean(tf.slice(states_BND, [0, N - cells, 0], [-1, cells, -1]), 1);
  });
  const values = (await pooled.data()) as Float32Array;
  pooled.dispose();
  return { width: network.imageWidth, values };
}
