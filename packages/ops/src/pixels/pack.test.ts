import { expect, test } from 'vitest';
import { packBytes } from './pack';

test('whole numbers share the memory of their bytes', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 128);
  const packed = packBytes(bytes, 2);
  expect([...packed]).toEqual([0x04030201, -(2 ** 31)]);
  expect(packed.buffer).toBe(bytes.buffer);
  expect([...packBytes(bytes.subarray(4), 1)]).toEqual([-(2 ** 31)]);
});

test('bytes elsewhere in their buffer, and rows that end within a number, are copied', () => {
  const bytes = Uint8Array.of(9, 1, 2, 3, 4, 5, 6);
  expect([...packBytes(bytes.subarray(1, 5), 1)]).toEqual([0x04030201]);
  expect([...packBytes(bytes.subarray(1), 2)]).toEqual([0x030201, 0x060504]);
  expect(packBytes(new Uint8Array(0), 3).length).toBe(0);
});
