import { ShapeError } from '@simvlm/core';

/**
 * Rows of bytes as int32, four bytes in one: byte i of a row is in bits 8·(i mod 4) and up of number ⌊i / 4⌋, and what is left of the last
 * number is 0. The result shares the memory of `bytes` where rows of whole numbers and the place in their buffer allow.
 *
 * @param bytes `uint8[rows, N]`
 * @returns `int32[rows, ⌈N / 4⌉]`
 * @throws ShapeError when the bytes are no whole number of bytes a row
 */
export function packBytes(bytes: Uint8Array, rows: number): Int32Array {
  const perRow = bytes.length / rows;
  if (!Number.isInteger(perRow))
    throw new ShapeError(`packBytes: ${bytes.length} bytes do not make ${rows} equal rows`);
  const width = Math.ceil(perRow / 4);
  if (perRow === 4 * width && bytes.byteOffset % 4 === 0)
    return new Int32Array(bytes.buffer, bytes.byteOffset, rows * width);
  const packed = new Uint8Array(4 * rows * width);
  for (let row = 0; row < rows; row++)
    packed.set(bytes.subarray(row * perRow, (row + 1) * perRow), 4 * row * width);
  return new Int32Array(packed.buffer);
}
