import { expect, test } from 'vitest';
import { opaqueRgb } from '../src/opaque';

test('transparency is laid on white as Pillow lays it', () => {
  // Pillow 12.3: Image.new('RGBA', size, (255,) * 4).alpha_composite(picture) for (value, alpha).
  const pillow = [
    [0, 0, 255],
    [7, 1, 254],
    [13, 40, 217],
    [200, 100, 233],
    [77, 128, 166],
    [3, 254, 4],
    [91, 255, 91],
  ] as const;
  for (const [value, alpha, expected] of pillow) {
    expect([...opaqueRgb(Uint8Array.of(value, value, value, alpha), 4)]).toEqual([
      expected,
      expected,
      expected,
    ]);
    expect([...opaqueRgb(Uint8Array.of(value, alpha), 2)]).toEqual([expected, expected, expected]);
  }
});

test('what is opaque stays as it is', () => {
  expect([...opaqueRgb(Uint8Array.of(1, 2, 3, 4, 5, 6), 3)]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...opaqueRgb(Uint8Array.of(9, 8), 1)]).toEqual([9, 9, 9, 8, 8, 8]);
});
