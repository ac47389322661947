import { describe, expect, test } from 'vitest';
import { heatPixels, seenBox, side } from '../../src/page/caption/heat-map';

/** Row, column and RGBA of a pixel in the middle of a cell. */
function pixelOf(
  pixels: Uint8ClampedArray,
  row: number,
  column: number,
  grid: { height: number; width: number },
) {
  const y = Math.floor(((row + 0.5) * side) / grid.height);
  const x = Math.floor(((column + 0.5) * side) / grid.width);
  return [...pixels.slice(4 * (y * side + x), 4 * (y * side + x) + 4)] as [number, number, number, number];
}

describe('the map over the picture', () => {
  const grid = { height: 2, width: 4 };

  test('glows in the cell that was looked at, and darkens the one farthest from it', () => {
    const attention = new Float32Array(8);
    attention[1 * 4 + 3] = 1;
    const pixels = heatPixels(attention, grid);
    const [red, , blue] = pixelOf(pixels, 1, 3, grid);
    expect(red).toBeGreaterThan(blue + 100);
    const [, , , farAlpha] = pixelOf(pixels, 0, 0, grid);
    const [, , , nearAlpha] = pixelOf(pixels, 1, 3, grid);
    expect(farAlpha).toBeGreaterThan(150);
    expect(nearAlpha).toBeLessThan(farAlpha);
  });

  test('is the same everywhere for attention that is', () => {
    const pixels = heatPixels(new Float32Array(8).fill(1 / 8), grid);
    expect(new Set(pixels.filter((_, i) => i % 4 === 3)).size).toBe(1);
  });

  test('does not depend on how much the word looked in all', () => {
    const attention = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(
      heatPixels(
        attention.map(value => value / 64),
        grid,
      ),
    ).toEqual(heatPixels(attention, grid));
  });

  test('of no attention at all is dark, not broken', () => {
    expect(heatPixels(new Float32Array(8), grid).some(value => value > 0)).toBe(true);
  });
});

test('the model sees the square in the middle', () => {
  expect(seenBox(400, 200)).toEqual({ left: 25, top: 0, width: 50, height: 100 });
  expect(seenBox(100, 400)).toEqual({ left: 0, top: 37.5, width: 100, height: 25 });
  expect(seenBox(400, 200, 'squash')).toEqual({ left: 0, top: 0, width: 100, height: 100 });
  expect(seenBox(400, 200, 'pad')).toEqual({ left: 0, top: -50, width: 100, height: 200 });
  expect(seenBox(64, 64)).toEqual({ left: 0, top: 0, width: 100, height: 100 });
});
