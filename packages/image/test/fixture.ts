import { readFile } from 'node:fs/promises';
import { Random, type RgbImage } from '@simvlm/core';

/** A picture of noise. */
export function noise(width: number, height: number, seed = 0): RgbImage {
  const random = Random.fromSeed(seed);
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
}

/** A picture of one colour. */
export function plain(width: number, height: number, colour: readonly [number, number, number]): RgbImage {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!) };
}

/** A picture whose pixel at (x, y) is what `colour` says. */
export function drawn(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly number[],
): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set(colour(x, y), (y * width + x) * 3);
  return { width, height, data };
}

export function pixel({ width, data }: RgbImage, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

/** A stream that always draws the same: 0 the least, 1 the largest of every range, 0.5 the middle. */
export function fixed(value: number): Random {
  return { uniform: () => value } as unknown as Random;
}

/** Pictures in `fixtures` that decoders read although their headers are odd, with their sizes; the README there says why. */
export const oddPictures = [
  ['fill-bytes-before-frame.jpg', 48, 32],
  ['fill-byte-before-table.jpg', 48, 32],
  ['bytes-between-segments.jpg', 48, 32],
  ['marker-without-segment.jpg', 48, 32],
  ['arithmetic-coding.jpg', 48, 32],
  ['no-logical-screen.gif', 20, 20],
] as const;

/** The bytes of a file in `fixtures`. */
export function fixtureFile(name: string): Promise<Uint8Array> {
  return readFile(new URL(`fixtures/${name}`, import.meta.url));
}
