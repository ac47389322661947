import { philox4x32 } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernel } from '../fused';
import { type DropoutAttrs, dropoutScale, fusedKernel } from '../kernels';

/** Draws of one counter. */
const DRAWS = 8;

/**
 * The draws are made on the host, as tfjs has no operations on bits. It reads the seeds back for that, which a backend on a GPU cannot do
 * in the middle of a pass: such a backend brings a kernel of its own.
 */
export const dropoutKernel: FusedKernel = {
  name: fusedKernel.dropout,
  reference({ x, seeds }: { x: tf.Tensor; seeds: tf.Tensor2D }, { threshold, site }: DropoutAttrs) {
    const keys = Uint32Array.from(seeds.dataSync());
    const rows = x.shape[0]!;
    const perRow = x.size / rows;
    const kept = new Uint8Array(x.size);
    const words = new Uint32Array(4);
    for (let row = 0; row < rows; row++) {
      for (let first = 0; first < perRow; first += DRAWS) {
        philox4x32(words, [first / DRAWS, site, 0, 0], [keys[2 * row]!, keys[2 * row + 1]!]);
        const count = Math.min(DRAWS, perRow - first);
        for (let i = 0; i < count; i++)
          kept[row * perRow + first + i] = drawOf(words, i) >= threshold ? 1 : 0;
      }
    }
    return [tf.where(tf.tensor(kept, x.shape, 'bool'), tf.mul(x, dropoutScale(threshold)), tf.zerosLike(x))];
  },
};

/** Draw i of the eight: the words in their order, of each the low half first. */
function drawOf(words: Uint32Array, i: number): number {
  return (words[i >> 1]! >>> (16 * (i & 1))) & 0xffff;
}
