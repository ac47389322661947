import { Random, type RgbImage } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { colorJitter, flipHorizontal, grayscale, randomAffine, randomErase } from '../src/index';
import { drawn, fixed, noise, pixel, plain } from './fixture';

const size = fc.integer({ min: 1, max: 12 });
const greys = (image: RgbImage) =>
  drawn(image.width, image.height, (x, y) => new Array(3).fill(pixel(image, x, y)[0]));

test('options that ask for nothing change nothing', () => {
  fc.assert(
    fc.property(size, size, fc.nat(), (width, height, seed) => {
      const image = noise(width, height, seed);
      expect(randomAffine(image, {}, Random.fromSeed(seed))).toEqual(image);
      expect(colorJitter(image, {}, Random.fromSeed(seed))).toEqual(image);
    }),
  );
});

test('the stream decides, the size stays, and the input is left as it was', () => {
  const image = noise(11, 7);
  const before = image.data.slice();
  const affine = (seed: number) =>
    randomAffine(image, { rotate: 30, scale: [0.5, 2], translate: 0.3, shear: 0.3 }, Random.fromSeed(seed));
  const jitter = (seed: number) =>
    colorJitter(image, { brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.2 }, Random.fromSeed(seed));
  for (const augment of [affine, jitter]) {
    expect(augment(1)).toEqual(augment(1));
    expect(augment(1)).not.toEqual(augment(2));
    const { width, height, data } = augment(1);
    expect([width, height, data.length]).toEqual([11, 7, 11 * 7 * 3]);
  }
  expect(image.data).toEqual(before);
});

test('a translation of whole pixels moves them, and the fill comes in from outside', () => {
  const image = noise(8, 8);
  // The largest draw: a quarter of the side, two pixels to the right and down.
  const moved = randomAffine(image, { translate: 0.25, fill: 9 }, fixed(1));
  expect(moved).toEqual(drawn(8, 8, (x, y) => (x < 2 || y < 2 ? [9, 9, 9] : pixel(image, x - 2, y - 2))));
  const white = randomAffine(image, { translate: 0.25 }, fixed(0));
  expect(pixel(white, 7, 7)).toEqual([255, 255, 255]);
  expect(pixel(white, 0, 0)).toEqual(pixel(image, 2, 2));
});

test('a quarter turn is clockwise for a positive angle', () => {
  const image = noise(6, 6);
  expect(randomAffine(image, { rotate: 90 }, fixed(1))).toEqual(
    drawn(6, 6, (x, y) => pixel(image, y, 5 - x)),
  );
  expect(randomAffine(image, { rotate: 90 }, fixed(0))).toEqual(
    drawn(6, 6, (x, y) => pixel(image, 5 - y, x)),
  );
});

test('a scale of one half shrinks about the centre', () => {
  const square = drawn(16, 16, (x, y) =>
    x >= 4 && x < 12 && y >= 4 && y < 12 ? [0, 0, 0] : [255, 255, 255],
  );
  const half = randomAffine(square, { scale: [0.5, 0.5] }, fixed(0.5));
  const dark = half.data.reduce((sum, value) => sum + (255 - value) / 255 / 3, 0);
  expect(dark).toBeCloseTo(16, 0); // a quarter of 64
  expect(pixel(half, 7, 7)).toEqual([0, 0, 0]);
  expect(pixel(half, 4, 7)).toEqual([255, 255, 255]);
});

test('a shear moves rows apart and leaves the middle', () => {
  const column = drawn(9, 9, x => (x === 4 ? [0, 0, 0] : [255, 255, 255]));
  const slanted = randomAffine(column, { shear: 0.5 }, fixed(1));
  const darkest = (y: number) => [...Array(9).keys()].find(x => pixel(slanted, x, y)[0] === 0);
  expect([darkest(0), darkest(4), darkest(8)]).toEqual([6, 4, 2]);
});

test('what is drawn stays within its limit: a small translation moves the middle by no more', () => {
  const dot = drawn(21, 21, (x, y) => (x === 10 && y === 10 ? [0, 0, 0] : [255, 255, 255]));
  const places: number[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const { data } = randomAffine(dot, { translate: 0.2 }, Random.fromSeed(seed));
    let [mass, moment] = [0, 0];
    for (let i = 0; i < data.length; i += 3) {
      mass += 255 - data[i]!;
      moment += (255 - data[i]!) * ((i / 3) % 21);
    }
    places.push(moment / mass - 10);
  }
  expect(Math.max(...places)).toBeLessThanOrEqual(4.3);
  expect(Math.min(...places)).toBeGreaterThanOrEqual(-4.3);
  expect(Math.max(...places) - Math.min(...places)).toBeGreaterThan(5);
});

test('saturation and hue leave grey grey', () => {
  fc.assert(
    fc.property(size, size, fc.nat(), (width, height, seed) => {
      const image = greys(noise(width, height, seed));
      expect(colorJitter(image, { saturation: 0.9, hue: 0.5 }, Random.fromSeed(seed))).toEqual(image);
    }),
  );
});

test('brightness scales, contrast spreads about the mean grey, hue of a third turns red to green', () => {
  const one = (colour: readonly [number, number, number], options: object, draw: number) =>
    pixel(colorJitter(plain(2, 2, colour), options, fixed(draw)), 0, 0);
  expect(one([100, 60, 20], { brightness: 0.5 }, 1)).toEqual([150, 90, 30]);
  expect(one([100, 60, 20], { brightness: 0.5 }, 0)).toEqual([50, 30, 10]);
  expect(one([100, 60, 20], { saturation: 1 }, 0)).toEqual([67, 67, 67]);
  expect(one([255, 0, 0], { hue: 1 / 3 }, 1)).toEqual([0, 255, 0]);
  const twoTone = drawn(2, 1, x => (x ? [200, 200, 200] : [100, 100, 100]));
  expect([...colorJitter(twoTone, { contrast: 0.5 }, fixed(0)).data]).toEqual([125, 125, 125, 175, 175, 175]);
});

test('colours end at 0 and 255 and do not wrap around', () => {
  const { data } = colorJitter(plain(1, 1, [250, 128, 4]), { brightness: 1, contrast: 1 }, fixed(1));
  expect([data[0], data[2]]).toEqual([255, 0]);
});

test('a picture in grey has three equal channels of its luma', () => {
  const image = noise(5, 5);
  const grey = grayscale(image);
  expect(grey).toEqual(greys(grey));
  const [r, g, b] = pixel(image, 2, 3) as [number, number, number];
  expect(pixel(grey, 2, 3)[0]).toBe(Math.round(0.299 * r + 0.587 * g + 0.114 * b));
  expect(grayscale(grey)).toEqual(grey);
});

test('a flip mirrors left to right, and twice is nothing', () => {
  const image = noise(5, 3);
  expect(flipHorizontal(image)).toEqual(drawn(5, 3, (x, y) => pixel(image, 4 - x, y)));
  expect(flipHorizontal(flipHorizontal(image))).toEqual(image);
});

test('erasing puts one rectangle of one colour into the picture, of the share that was asked for', () => {
  const grey: RgbImage = { width: 40, height: 30, data: new Uint8Array(40 * 30 * 3).fill(128) };
  for (let seed = 0; seed < 40; seed++) {
    const { width, height, data } = randomErase(grey, { area: [0.05, 0.2] }, Random.fromSeed(seed));
    expect([width, height]).toEqual([40, 30]);
    const changed: [number, number][] = [];
    for (let i = 0; i < 40 * 30; i++)
      if (data[3 * i] !== 128 || data[3 * i + 1] !== 128 || data[3 * i + 2] !== 128)
        changed.push([i % 40, Math.floor(i / 40)]);
    const [xs, ys] = [changed.map(([x]) => x), changed.map(([, y]) => y)];
    const box = (Math.max(...xs) - Math.min(...xs) + 1) * (Math.max(...ys) - Math.min(...ys) + 1);
    expect(changed).toHaveLength(box);
    // A long rectangle is cut at the edge of the picture, so that only the upper bound is sure; rounding adds a row at most.
    expect(box).toBeLessThanOrEqual(0.2 * 1200 + 40);
    const colours = new Set(
      changed.map(([x, y]) => data.slice(3 * (y * 40 + x), 3 * (y * 40 + x) + 3).join()),
    );
    expect(colours.size).toBe(1);
  }
  expect(grey.data.every(value => value === 128)).toBe(true);
});
