import type { PrefixLmBatch } from '@simvlm/core';

/**
 * The same rows, each with the image of the row half a batch on: neighbours may be captions of one picture. Undefined where there are no
 * images, or one row alone.
 */
export function withExchangedImages(batch: PrefixLmBatch): PrefixLmBatch | undefined {
  const { images, size } = batch;
  if (!images || size < 2) return undefined;
  const { side, pixels } = images;
  const numbers = 3 * side ** 2;
  const exchanged = pixels.slice();
  for (let row = 0; row < size; row++) {
    const other = (row + Math.floor(size / 2)) % size;
    exchanged.set(pixels.subarray(other * numbers, (other + 1) * numbers), row * numbers);
  }
  return { ...batch, images: { side, pixels: exchanged } };
}
