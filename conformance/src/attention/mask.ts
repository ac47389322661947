import { prefixAttention } from '@simvlm/attention';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../fused/problem';
import { draw, floats, ints } from '../fused/values';
import { type MaskPicture, maskPictures } from './mask-pictures';

/**
 * The weight of each key for each query. `scoreOf` gives the scores: query i is one-hot, so that key j holds its score with
 * every query; values are one-hot, so that the output is the weights.
 */
async function weightsOf(
  { picture, keyLength, prefixLength, offset }: MaskPicture,
  scoreOf: (query: number, key: number) => number,
): Promise<number[][]> {
  const [queries, keys] = [picture.length, picture[0]!.length];
  const width = Math.max(queries, keys);
  const matrix = (rows: number, f: (row: number, column: number) => number) =>
    floats(
      [1, rows, 1, width],
      Array.from({ length: rows * width }, (_, n) => f(Math.floor(n / width), n % width)),
    );
  const oneHot = (rows: number) => matrix(rows, (row, column) => (row === column ? 1 : 0));
  const { y } = await evaluate(
    {
      inputs: {
        q: oneHot(queries),
        k: matrix(keys, (key, query) => scoreOf(query, key)),
        v: oneHot(keys),
        keyLengths: ints([1], [keyLength]),
        prefixLengths: ints([1], [prefixLength]),
      },
      run: ({ q, k, v, keyLengths, prefixLengths }) =>
        prefixAttention({
          ...{ q: q!, k: k!, v: v!, offset },
          ...{ keyLengths: keyLengths!, prefixLengths: prefixLengths! },
        }),
      by: [],
      dy: oneHot(queries),
    },
    false,
  );
  return Array.from({ length: queries }, (_, i) => [...y.slice(i * width, i * width + keys)]);
}

export function describeMask(): void {
  describe.each(maskPictures)('the mask of attention: $use', mask => {
    const pictureOf = (weights: number[][]) =>
      weights.map(row => row.map(weight => (weight === 0 ? '.' : '#')).join(''));

    test('what is seen gets weight, what is hidden gets none', async () => {
      const { data } = draw(mask.use).normal([16 * 16]);
      const weights = await weightsOf(mask, (query, key) => data[query * 16 + key]!);
      expect(pictureOf(weights)).toEqual(mask.picture);
      for (const row of weights) expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
    });

    test('what is hidden gets exactly none where its score is a million higher', async () => {
      const hidden = (query: number, key: number) => mask.picture[query]?.[key] !== '#';
      const weights = await weightsOf(mask, (query, key) => (hidden(query, key) ? 1e6 : 0));
      expect(pictureOf(weights)).toEqual(mask.picture);
    });

    test('what is seen gets weight where all scores are a million below 0', async () => {
      const weights = await weightsOf(mask, () => -1e6);
      expect(pictureOf(weights)).toEqual(mask.picture);
    });
  });
}
