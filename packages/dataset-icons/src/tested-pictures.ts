import type { RgbImage } from '@simvlm/core';
import { HashIndex, perceptualHash } from '@simvlm/data/node';
import { resize } from '@simvlm/image';
import type { Rule } from './left-out';

/** Bits in which the perceptual hashes of two pictures that count as alike differ at most. How it was chosen is in the README. */
export const HASH_DISTANCE = 8;

/** Root mean square difference, in grey levels of 255, up to which 16 × 16 pixels count as alike. */
export const PIXEL_DISTANCE = 25;

const SIDE = 16;
const VALUES = SIDE * SIDE * 3;

/** Finds pictures that look like one of those that are tested on. */
export class TestedPictures {
  readonly #hashes = new HashIndex(HASH_DISTANCE);
  /** 16 × 16 pixels of each, `[n, 16, 16, 3]`. */
  readonly #pixels: Uint8Array[] = [];
  readonly #sums: number[] = [];

  constructor(pictures: Iterable<RgbImage>) {
    for (const picture of pictures) {
      this.#hashes.add(perceptualHash(picture));
      const pixels = smallPixels(picture);
      this.#pixels.push(pixels);
      this.#sums.push(sumOf(pixels));
    }
  }

  /**
   * Which rule a picture breaks, if any.
   *
   * @param drawing the picture whose shapes are compared: in black on white, where it has one colour
   * @param picture the same as it is trained on, whose colours are compared
   */
  rule(drawing: RgbImage, picture: RgbImage): Extract<Rule, 'hash' | 'pixels'> | undefined {
    if (this.#hashes.nearest(perceptualHash(drawing))) return 'hash';
    const own = smallPixels(picture);
    const sum = sumOf(own);
    // The mean of the differences is no larger than the root of the mean of their squares.
    const most = PIXEL_DISTANCE * VALUES;
    const isAlike = (pixels: Uint8Array, i: number) =>
      Math.abs(this.#sums[i]! - sum) <= most && isNear(own, pixels);
    return this.#pixels.some(isAlike) ? 'pixels' : undefined;
  }
}

/** Whether the root mean square difference is small; it stops as soon as it cannot be. */
function isNear(one: Uint8Array, other: Uint8Array): boolean {
  const most = PIXEL_DISTANCE ** 2 * VALUES;
  let sum = 0;
  for (let row = 0; row < VALUES; row += SIDE * 3) {
    for (let i = row; i < row + SIDE * 3; i++) sum += (one[i]! - other[i]!) ** 2;
    if (sum > most) return false;
  }
  return true;
}

function sumOf(values: Uint8Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** `uint8[16, 16, 3]` */
export function smallPixels(picture: RgbImage): Uint8Array {
  return Uint8Array.from(resize(picture, { width: SIDE, height: SIDE }).data);
}
