import type { RgbImage } from '@simvlm/core';
import { resize } from '@simvlm/image';

/** 64 bits: the first 32, and the last. */
export type PictureHash = readonly [high: number, low: number];

/** Pixels of a side that are looked at, and frequencies of a side that are kept. */
const SIDE = 32;
const KEPT = 8;

/** Below it a coefficient is the rounding of zero: in a picture of one colour all are. */
const NOTHING = 1e-6;

/** cos(π (2x + 1) u / 64), the basis of the transform, at [u × 32 + x]. */
const BASIS = /* @__PURE__ */ Float64Array.from({ length: KEPT * SIDE }, (_, i) =>
  Math.cos((Math.PI * (2 * (i % SIDE) + 1) * Math.floor(i / SIDE)) / (2 * SIDE)),
);

/**
 * The perceptual hash pHash (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, section 3.2.1): of the picture as 32 × 32
 * greys, the 8 × 8 lowest frequencies of the cosine transform, each 1 where it is above their median. Of a picture that was resized, encoded again or made
 * lighter, few bits differ; of two different ones about half.
 */
export function perceptualHash(image: RgbImage): PictureHash {
  const { data } = resize(image, { width: SIDE, height: SIDE });
  const grey = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    // Luma of BT.601.
    return 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  });
  const across = products(SIDE, KEPT, (y, u, x) => grey[y * SIDE + x]! * BASIS[u * SIDE + x]!);
  const both = products(KEPT, KEPT, (v, u, y) => across[y * KEPT + u]! * BASIS[v * SIDE + y]!).map(value =>
    Math.abs(value) < NOTHING ? 0 : value,
  );
  const sorted = both.toSorted();
  const median = (sorted[31]! + sorted[32]!) / 2;
  const bits = (from: number) =>
    both.subarray(from, from + 32).reduce((word, value) => ((word << 1) | (value > median ? 1 : 0)) >>> 0, 0);
  return [bits(0), bits(32)];
}

/** Sums over 32 products for each row and column. */
function products(
  rows: number,
  columns: number,
  product: (row: number, column: number, k: number) => number,
): Float64Array {
  const sums = new Float64Array(rows * columns);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++)
      for (let k = 0; k < SIDE; k++) sums[at]! += product(row, column, k);
  return sums;
}

/** In how many bits two hashes differ, 0 to 64. */
export function hashDistance([high, low]: PictureHash, [otherHigh, otherLow]: PictureHash): number {
  return bitsOf(high ^ otherHigh) + bitsOf(low ^ otherLow);
}

/** The ones of a 32-bit number. */
export function bitsOf(value: number): number {
  let count = value - ((value >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
