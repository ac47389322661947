import { ShapeError } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collate, imagePixels, type Row, textTokens } from '../src/index';
import { letters, plain } from './fixture';

const { pad, eos } = letters.special;
const row = (text: string, change: Partial<Row> = {}): Row => ({
  id: text,
  tokens: textTokens(text, letters, 100),
  prefixLength: 0,
  ...change,
});

test('a text ends with the end token, which is not padding', () => {
  expect([...textTokens('ab', letters, 10)]).toEqual([4, 5, eos]);
  expect(eos).not.toBe(pad);
});

test('a text that is too long loses its tail, never its end token', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 2, max: 20 }), (letterCount, limit) => {
      const text = 'abcdefghijklmnopqrstuvwxyzabcd'.slice(0, letterCount);
      const tokens = textTokens(text, letters, limit);
      expect(tokens.length).toBe(Math.min(letterCount + 1, limit));
      expect(tokens.at(-1)).toBe(eos);
      expect(letters.decode(tokens)).toBe(text.slice(0, limit - 1));
    }),
  );
});

test('a text of white space is no caption', () => {
  expect(() => textTokens(' \t\n', letters, 10)).toThrow('the caption is empty');
});

test('shorter rows are padded after their end token, and lengths count that token', () => {
  const batch = collate([row('abc', { prefixLength: 2 }), row('a')], { pad });
  expect(batch).toMatchObject({ size: 2, length: 4, ids: ['abc', 'a'] });
  expect([...batch.tokens]).toEqual([4, 5, 6, eos, 4, eos, pad, pad]);
  expect([...batch.textLengths]).toEqual([4, 2]);
  expect([...batch.prefixLengths]).toEqual([2, 0]);
  expect(batch.images).toBeUndefined();
});

test('a stated length is the width of the batch, and a row that does not fit is named', () => {
  expect([...collate([row('a')], { pad: 9, length: 4 }).tokens]).toEqual([4, eos, 9, 9]);
  expect(() => collate([row('a'), row('abcd')], { pad, length: 4 })).toThrow(
    'row "abcd" has 5 tokens, the batch 4',
  );
});

test('images become bytes, row after row', () => {
  const image = { width: 2, height: 2, data: Uint8Array.from({ length: 12 }, (_, i) => i * 20) };
  const { images } = collate([row('a', { image: plain(2, 255) }), row('b', { image })], { pad });
  expect(images!.side).toBe(2);
  expect([...images!.pixels.subarray(0, 12)]).toEqual(new Array(12).fill(255));
  expect(images!.pixels.subarray(12)).toEqual(image.data);
  expect(imagePixels([plain(2, 255), image])).toEqual(images!.pixels);
});

test('a batch has rows, and all of them have an image or none', () => {
  expect(() => collate([], { pad })).toThrow('a batch needs rows');
  const mixed = [row('a', { image: plain(2) }), row('b')];
  expect(() => collate(mixed, { pad })).toThrow('either all rows have an image or none');
  expect(() => collate([...mixed].reverse(), { pad })).toThrow('either all rows have an image or none');
});

test.each([
  ['of another size', plain(3)],
  ['that is not square', { width: 2, height: 3, data: new Uint8Array(18) }],
  ['whose bytes are too few', { width: 2, height: 2, data: new Uint8Array(11) }],
])('an image %s is refused', (_, wrong) => {
  expect(() => collate([row('a', { image: plain(2) }), row('b', { image: wrong })], { pad })).toThrow(
    ShapeError,
  );
  expect(() => imagePixels([plain(2), wrong])).toThrow('images must all be 2 × 2');
});
