import { readFileSync } from 'node:fs';
import { Random } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compiled, written } from '../scripts/build-wasm.mjs';
import { type Filter, filterTaps } from './filter-taps';
import { resizeInJavaScript } from './resize';
import { resizeWithKernels } from './resize-kernels';

function noise(width: number, height: number, seed: number) {
  const random = Random.fromSeed(seed);
  const data = new Uint8Array(width * height * 3);
  // Only the ends of the range overshoot, and have to be clipped.
  for (let i = 0; i < data.length; i++) data[i] = random.integer(2) * 255;
  return { width, height, data };
}

const taps = (filter: Filter, from: number, to: number) =>
  from === to ? undefined : filterTaps(filter, from, to);

test('the kernels give the bytes of JavaScript, whatever the sizes', () => {
  const side = fc.integer({ min: 1, max: 70 });
  const filter = fc.constantFrom<Filter[]>('bilinear', 'bicubic');
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      filter,
      fc.nat(),
      (width, height, toWidth, toHeight, filter, seed) => {
        const image = noise(width, height, seed);
        const across = taps(filter, width, toWidth);
        const down = taps(filter, height, toHeight);
        expect(resizeWithKernels(image, across, down)).toEqual(resizeInJavaScript(image, across, down));
      },
    ),
    { numRuns: 200 },
  );
});

test('a picture larger than what goes in at once is resized in strips', () => {
  const image = noise(1200, 700, 1);
  const [across, down] = [filterTaps('bilinear', 1200, 33), filterTaps('bilinear', 700, 21)];
  expect(resizeWithKernels(image, across, down)).toEqual(resizeInJavaScript(image, across, down));
});

test('a result of many megabytes is left to JavaScript, so that no such memory is kept', () => {
  const image = noise(2, 2, 1);
  const taps = filterTaps('bilinear', 2, 4000);
  expect(resizeWithKernels(image, taps, taps)).toBeUndefined();
});

test('the binary is what its source compiles to', async () => {
  expect(readFileSync(written, 'utf8')).toBe(await compiled());
});
