import type { PrefixLmBatch } from '@simvlm/core';
import { expect, test } from 'vitest';
import { withExchangedImages } from './exchanged-images';

/** Row b holds the token 10 · first + b, and pictures of one pixel of that grey. */
function part(first: number, size: number, hasImages: boolean): PrefixLmBatch {
  const tokens = Int32Array.from({ length: size }, (_, b) => 10 * first + b);
  return {
    ...{ size, length: 1, tokens, ids: [...tokens].map(String) },
    prefixLengths: new Int32Array(size),
    textLengths: new Int32Array(size).fill(1),
    ...(hasImages && {
      images: {
        side: 1,
        pixels: Uint8Array.from({ length: 3 * size }, (_, i) => tokens[Math.floor(i / 3)]!),
      },
    }),
  };
}

test('exchanging images gives each row that of another, and leaves the rest', () => {
  const batch = part(1, 3, true);
  const { images, ...rest } = withExchangedImages(batch)!;
  expect([...images!.pixels]).toEqual([11, 11, 11, 12, 12, 12, 10, 10, 10]);
  expect(rest).toEqual({ ...batch, images: undefined });
  // Five rows of one picture, then five of another: no row keeps its picture.
  const captions = part(1, 10, true);
  const pixels = captions.images!.pixels.map((_, i) => (i < 15 ? 0 : 1));
  const swapped = withExchangedImages({ ...captions, images: { side: 1, pixels } })!;
  expect(swapped.images!.pixels).toEqual(pixels.map(value => 1 - value));
  expect(withExchangedImages(part(1, 3, false))).toBeUndefined();
  expect(withExchangedImages(part(1, 1, true))).toBeUndefined();
});
