import { ImageError, Random } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { centerCrop, crop, normalize, randomResizedCrop, resize } from '../src/index';
import { drawn, noise, pixel, plain } from './fixture';

const places = (width: number, height: number) => drawn(width, height, (x, y) => [x, y, 7]);

test('a crop is the rectangle that was asked for', () => {
  expect(crop(places(9, 8), { left: 2, top: 3, width: 4, height: 5 })).toEqual(
    drawn(4, 5, (x, y) => [x + 2, y + 3, 7]),
  );
  expect(crop(places(9, 8), { left: 0, top: 0, width: 9, height: 8 })).toEqual(places(9, 8));
});

test.each([
  { left: -1, top: 0, width: 2, height: 2 },
  { left: 0, top: -1, width: 2, height: 2 },
  { left: 8, top: 0, width: 2, height: 2 },
  { left: 0, top: 7, width: 2, height: 2 },
  { left: 0, top: 0, width: 0, height: 2 },
  { left: 0.5, top: 0, width: 2, height: 2 },
  { left: 0, top: 0, width: 2, height: Number.NaN },
])('a crop outside of the picture or of broken pixels is refused: %j', rectangle => {
  expect(() => crop(places(9, 8), rectangle)).toThrow(ImageError);
});

test('the centre crop is the largest square in the middle', () => {
  expect(centerCrop(places(9, 5), 5)).toEqual(drawn(5, 5, (x, y) => [x + 2, y, 7]));
  expect(centerCrop(places(4, 10), 4)).toEqual(drawn(4, 4, (x, y) => [x, y + 3, 7]));
  expect(centerCrop(noise(8, 8), 4)).toEqual(resize(noise(8, 8), { width: 4, height: 4 }));
});

/** Colours from 1 on inside, so that anything from outside would be seen as 0. */
const gradient = (width: number, height: number) =>
  drawn(width, height, (x, y) => [1 + (254 * x) / (width - 1), 1 + (254 * y) / (height - 1), 255]);

test('a random crop lies inside, is a square of the stated size, and the stream decides it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (width, height, seed) => {
        const image = plain(width, height, [200, 100, 50]);
        const cropped = randomResizedCrop(image, { size: 6 }, Random.fromSeed(seed));
        expect(cropped).toEqual(plain(6, 6, [200, 100, 50]));
        const noisy = noise(width, height);
        expect(randomResizedCrop(noisy, { size: 6 }, Random.fromSeed(seed))).toEqual(
          randomResizedCrop(noisy, { size: 6 }, Random.fromSeed(seed)),
        );
      },
    ),
  );
});

/** Extent of the crop as shares of the sides, read off the gradient at the crop's borders. */
function extent(size: number, options: object, seed: number) {
  const cropped = randomResizedCrop(gradient(200, 200), { size, ...options }, Random.fromSeed(seed));
  const spread = (channel: number, last: number[]) =>
    ((last[channel]! - pixel(cropped, 0, 0)[channel]!) / 254) * (size / (size - 1));
  return { width: spread(0, pixel(cropped, size - 1, 0)), height: spread(1, pixel(cropped, 0, size - 1)) };
}

test('areas and aspect ratios fill their ranges and stay within', () => {
  const areas: number[] = [];
  const ratios: number[] = [];
  for (let seed = 0; seed < 300; seed++) {
    const { width, height } = extent(24, { scale: [0.2, 0.6], ratio: [0.5, 2] }, seed);
    areas.push(width * height);
    ratios.push(width / height);
  }
  // Colours of 8 bits and whole pixels give a few per cent of leeway.
  expect(Math.min(...areas)).toBeGreaterThan(0.2 * 0.9);
  expect(Math.max(...areas)).toBeLessThan(0.6 * 1.1);
  expect(Math.min(...ratios)).toBeGreaterThan(0.5 * 0.93);
  expect(Math.max(...ratios)).toBeLessThan(2 * 1.07);
  const share = (list: number[], test: (x: number) => boolean) => list.filter(test).length / list.length;
  expect(share(areas, area => area < 0.4)).toBeGreaterThan(0.38); // uniform, give or take four deviations
  expect(share(areas, area => area < 0.4)).toBeLessThan(0.68);
  expect(share(ratios, ratio => ratio < 1)).toBeGreaterThan(0.38); // log-uniform: wide as often as tall
  expect(share(ratios, ratio => ratio < 1)).toBeLessThan(0.62);
});

test('crops lie all over the picture', () => {
  const corners = Array.from({ length: 100 }, (_, seed) =>
    pixel(randomResizedCrop(gradient(100, 100), { size: 8, scale: [0.1, 0.1] }, Random.fromSeed(seed)), 0, 0),
  );
  for (const channel of [0, 1]) {
    const values = corners.map(colour => colour[channel]!);
    expect(Math.min(...values)).toBeLessThan(40);
    expect(Math.max(...values)).toBeGreaterThan(130);
  }
});

test('where no rectangle fits, the centre is taken', () => {
  const image = noise(100, 2);
  expect(randomResizedCrop(image, { size: 4, scale: [1, 1], ratio: [1, 1] }, Random.fromSeed(0))).toEqual(
    centerCrop(image, 4),
  );
});

test('normalising maps 0 to −1 and 255 to 1', () => {
  const values = normalize({ width: 1, height: 1, data: Uint8Array.of(0, 51, 255) });
  expect(values).toBeInstanceOf(Float32Array);
  expect([...values]).toEqual([-1, Math.fround(-0.6), 1]);
});

test('a model of other statistics gets its own scale', () => {
  const clip = { mean: [0.48, 0.45, 0.4], std: [0.25, 0.5, 1] } as const;
  const values = normalize({ width: 1, height: 1, data: Uint8Array.of(255, 0, 51) }, clip);
  for (const [c, expected] of [0.52 / 0.25, -0.9, -0.2].entries()) expect(values[c]).toBeCloseTo(expected, 6);
});
