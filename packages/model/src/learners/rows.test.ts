import { fingerprintOf, type PrefixLmBatch } from '@simvlm/core';
import { expect, test } from 'vitest';
import { hashRows, selectRows, withExchangedImages } from './rows';

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

test('rows are selected with all that belongs to them', () => {
  expect(selectRows(part(1, 5, true), [1, 3])).toEqual({
    ...{ size: 2, length: 1, tokens: Int32Array.of(11, 13), ids: ['11', '13'] },
    ...{ prefixLengths: Int32Array.of(0, 0), textLengths: Int32Array.of(1, 1) },
    images: { side: 1, pixels: Uint8Array.of(11, 11, 11, 13, 13, 13) },
  });
  expect(selectRows(part(2, 2, false), [0]).images).toBeUndefined();
});

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

test('the fingerprint tells rows apart, and fits into float32', () => {
  const first = part(1, 3, false);
  const prints = [
    first,
    part(2, 3, false),
    part(1, 2, false),
    { ...first, tokens: first.tokens.slice().reverse() },
    { ...first, prefixLengths: Int32Array.of(0, 0, 1) },
    { ...first, ids: ['10', '11', '13'] },
  ].map(batch => fingerprintOf(hashRows(batch)));
  expect(new Set(prints).size).toBe(prints.length);
  expect(fingerprintOf(hashRows(part(1, 3, false)))).toBe(prints[0]);
  for (const print of prints) expect(Math.fround(print)).toBe(print);
});
