import type { PrefixLmBatch } from '@simvlm/core';
import { expect, test } from 'vitest';
import { batchFingerprint } from './fingerprint';
import { ownRows } from './rows';

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
        pixels: Float32Array.from({ length: 3 * size }, (_, i) => tokens[Math.floor(i / 3)]!),
      },
    }),
  };
}

test('rows are dealt through all parts, each to one process', () => {
  const parts = [part(1, 5, true), part(2, 2, false)];
  const dealt = [0, 1].map(rank => ownRows(parts, { rank, size: 2 }));
  expect(dealt.map(own => own.map(({ tokens }) => [...tokens]))).toEqual([
    [[10, 12, 14], [21]],
    [[11, 13], [20]],
  ]);
  expect(dealt[1]![0]).toMatchObject({ size: 2, ids: ['11', '13'] });
  expect([...dealt[1]![0]!.images!.pixels]).toEqual([11, 11, 11, 13, 13, 13]);
  expect(dealt[0]![1]!.images).toBeUndefined();
});

test('a process without rows of a kind has no part of it', () => {
  const parts = [part(1, 1, true), part(2, 1, false)];
  expect([0, 1, 2].map(rank => ownRows(parts, { rank, size: 3 }).map(({ ids }) => ids))).toEqual([
    [['10']],
    [['20']],
    [],
  ]);
});

test('the fingerprint tells rows apart, and fits into float32', () => {
  const parts = [part(1, 3, false), part(2, 2, false)];
  const [first] = parts as [PrefixLmBatch];
  const prints = [
    parts,
    [...parts].reverse(),
    [first],
    [{ ...first, tokens: first.tokens.slice().reverse() }],
    [{ ...first, prefixLengths: Int32Array.of(0, 0, 1) }],
    [{ ...first, ids: ['10', '11', '13'] }],
  ].map(batchFingerprint);
  expect(new Set(prints).size).toBe(prints.length);
  expect(batchFingerprint([part(1, 3, false), part(2, 2, false)])).toBe(prints[0]);
  for (const print of prints) expect(Math.fround(print)).toBe(print);
});
