import { type PrefixSampler, Random } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captionPrefix, causalPrefix, mixturePrefix, uniformPrefix } from '../src/index';

/** How often each length is drawn; each draw from a stream of its own, as batches do it. */
function histogram(sampler: PrefixSampler, textLength: number, hasImage: boolean, draws: number): number[] {
  const cells = new Array<number>(textLength).fill(0);
  const random = Random.fromSeed(9).fork('prefix');
  for (let i = 0; i < draws; i++) cells[sampler(random.fork(i), { textLength, hasImage })]!++;
  return cells;
}

function chiSquare(cells: readonly number[]): number {
  const mean = cells.reduce((sum, cell) => sum + cell, 0) / cells.length;
  return cells.reduce((sum, cell) => sum + (cell - mean) ** 2 / mean, 0);
}

test('with an image every prefix from the image alone to all but one token is as likely', () => {
  const cells = histogram(uniformPrefix, 8, true, 8000);
  expect(Math.min(...cells)).toBeGreaterThan(0); // a fixed length leaves the others empty
  expect(chiSquare(cells)).toBeLessThan(24.32); // p = 0.001 at 7 degrees of freedom
});

test('a document keeps at least one token in its prefix, and every length from there on is as likely', () => {
  const [none, ...cells] = histogram(uniformPrefix, 8, false, 7000);
  expect(none).toBe(0);
  expect(Math.min(...cells)).toBeGreaterThan(0);
  expect(chiSquare(cells)).toBeLessThan(22.46); // p = 0.001 at 6 degrees of freedom
});

test('every sampler leaves at least the end token to predict', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(uniformPrefix, captionPrefix, mixturePrefix(0.5)),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      fc.nat(),
      (sampler, textLength, hasImage, seed) => {
        const prefix = sampler(Random.fromSeed(seed), { textLength, hasImage });
        expect(Number.isInteger(prefix)).toBe(true);
        expect(prefix).toBeGreaterThanOrEqual(hasImage || textLength === 1 ? 0 : 1);
        expect(prefix).toBeLessThan(textLength);
      },
    ),
  );
});

test('captioning: the image alone is the prefix; documents keep the uniform one', () => {
  expect(histogram(captionPrefix, 6, true, 500)).toEqual([500, 0, 0, 0, 0, 0]);
  expect(histogram(captionPrefix, 6, false, 500)).toEqual(histogram(uniformPrefix, 6, false, 500));
});

test('a mixture captions with the stated probability, and the rest is uniform', () => {
  const draws = 20_000;
  const [first, ...rest] = histogram(mixturePrefix(0.3), 5, true, draws);
  const expected = 0.3 + 0.7 / 5;
  expect(Math.abs(first! / draws - expected)).toBeLessThan(
    4 * Math.sqrt((expected * (1 - expected)) / draws),
  );
  expect(chiSquare(rest)).toBeLessThan(16.27); // p = 0.001 at 3 degrees of freedom
  expect(histogram(mixturePrefix(1), 5, true, 100)).toEqual([100, 0, 0, 0, 0]);
  expect(Math.min(...histogram(mixturePrefix(0), 5, true, 500))).toBeGreaterThan(0);
});

test('the same stream gives the same length', () => {
  const draw = (seed: number) => uniformPrefix(Random.fromSeed(seed), { textLength: 1000, hasImage: true });
  expect(draw(4)).toBe(draw(4));
  expect(new Set([1, 2, 3, 4].map(draw)).size).toBeGreaterThan(1);
});

test('causal language modelling: no text is prefix, with an image or without', () => {
  for (const hasImage of [true, false])
    expect(histogram(causalPrefix, 6, hasImage, 100)).toEqual([100, 0, 0, 0, 0, 0]);
});
