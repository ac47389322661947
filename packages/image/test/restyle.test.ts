import { Random, type RgbImage } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elasticWarp, redrawLines, toneCurves } from '../src/index';
import { drawn, fixed, noise, pixel, plain } from './fixture';

const BLACK = [0, 0, 0];
const WHITE = [255, 255, 255];
/** A black square of 4 × 4 in the middle of 12 × 12 white pixels. */
const square = drawn(12, 12, (x, y) => (x >= 4 && x < 8 && y >= 4 && y < 8 ? BLACK : WHITE));
const ink = ({ data }: RgbImage) => data.reduce((sum, value) => sum + (255 - value) / 255 / 3, 0);

describe('an elastic warp', () => {
  test('of no strength, and of a plain picture, changes nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        (w, h, seed) => {
          const image = noise(w, h, seed);
          expect(elasticWarp(image, { strength: 0, points: 3 }, Random.fromSeed(seed))).toEqual(image);
          const white = plain(w, h, [255, 255, 255]);
          expect(elasticWarp(white, { strength: 0.2, points: 4 }, Random.fromSeed(seed))).toEqual(white);
        },
      ),
    );
  });

  test('moves what is drawn by about its strength, and as one where the grid is coarse', () => {
    const image = drawn(41, 41, (x, y) => ((x === 20 || x === 22) && y === 20 ? BLACK : WHITE));
    const shifts: number[] = [];
    for (let seed = 0; seed < 100; seed++) {
      const { data } = elasticWarp(image, { strength: 0.05, points: 3 }, Random.fromSeed(seed));
      let [mass, moment] = [0, 0];
      for (let i = 0; i < data.length; i += 3) {
        mass += 255 - data[i]!;
        moment += (255 - data[i]!) * ((i / 3) % 41);
      }
      shifts.push(moment / mass - 21);
      // Both dots are there still.
      expect(mass).toBeGreaterThan(300);
    }
    const spread = Math.sqrt(shifts.reduce((sum, shift) => sum + shift ** 2, 0) / shifts.length);
    // One grid point moves the middle: a standard deviation of 0.05 × 41 = 2.05 pixels.
    expect(spread).toBeGreaterThan(1.6);
    expect(spread).toBeLessThan(2.5);
  });

  test('lets the fill in from outside', () => {
    const warped = elasticWarp(
      plain(16, 16, [0, 0, 0]),
      { strength: 0.2, points: 2, fill: 9 },
      Random.fromSeed(1),
    );
    expect(new Set(warped.data).size).toBeGreaterThan(1);
    expect(Math.max(...warped.data)).toBe(9);
  });
});

describe('tone curves', () => {
  test('keep black, white and the order of tones, and are drawn for each channel', () => {
    const ramp: RgbImage = { width: 256, height: 1, data: Uint8Array.from({ length: 768 }, (_, i) => i / 3) };
    const { data } = toneCurves(ramp, 2, Random.fromSeed(4));
    expect([...data.slice(0, 3), ...data.slice(-3)]).toEqual([...BLACK, ...WHITE]);
    for (let i = 3; i < data.length; i++) expect(data[i]).toBeGreaterThanOrEqual(data[i - 3]!);
    expect(new Set(data.slice(384, 387)).size).toBe(3);
  });

  test('are x ↦ x^γ, γ from one over the most to the most', () => {
    const grey = plain(1, 1, [64, 64, 64]);
    expect([...toneCurves(grey, 2, fixed(1)).data]).toEqual(
      new Array(3).fill(Math.round(255 * (64 / 255) ** 2)),
    );
    expect([...toneCurves(grey, 2, fixed(0)).data]).toEqual(
      new Array(3).fill(Math.round(255 * (64 / 255) ** 0.5)),
    );
    expect(toneCurves(noise(5, 4), 1, Random.fromSeed(0))).toEqual(noise(5, 4));
  });
});

describe('redrawn lines', () => {
  test('nothing asked for changes nothing', () => {
    expect(redrawLines(noise(7, 5), { weight: 0, outline: 0, blur: 0 })).toEqual(noise(7, 5));
  });

  test('heavier lines grow by a pixel on each side, finer ones shrink', () => {
    expect(ink(square)).toBeCloseTo(16, 9);
    expect(ink(redrawLines(square, { weight: 1, outline: 0, blur: 0 }))).toBeCloseTo(36, 9);
    expect(ink(redrawLines(square, { weight: -1, outline: 0, blur: 0 }))).toBeCloseTo(4, 9);
    expect(ink(redrawLines(square, { weight: 0.5, outline: 0, blur: 0 }))).toBeCloseTo(26, 0);
  });

  test('an outline is black where colours meet, and nowhere else', () => {
    const red = drawn(12, 12, (x, y) => (x >= 4 && x < 8 && y >= 4 && y < 8 ? [255, 0, 0] : WHITE));
    const outlined = redrawLines(red, { weight: 0, outline: 1, blur: 0 });
    expect(pixel(outlined, 4, 5)).toEqual(BLACK);
    expect(pixel(outlined, 3, 5)).toEqual(BLACK);
    expect(pixel(outlined, 5, 5)).toEqual([255, 0, 0]);
    expect(pixel(outlined, 1, 1)).toEqual(WHITE);
  });

  test('a blur is the mean of nine pixels, the border repeated', () => {
    const blurred = redrawLines(square, { weight: 0, outline: 0, blur: 1 });
    expect(pixel(blurred, 4, 4)[0]).toBe(Math.round((255 * 5) / 9));
    expect(pixel(blurred, 5, 5)).toEqual(BLACK);
    expect(ink(blurred)).toBeCloseTo(16, 0);
    expect(redrawLines(plain(3, 2, [7, 8, 9]), { weight: 0, outline: 1, blur: 1 })).toEqual(
      plain(3, 2, [7, 8, 9]),
    );
  });
});
