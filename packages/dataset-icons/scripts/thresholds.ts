/**
 * How near is a copy, and how near are different pictures? Prints what HASH_DISTANCE and PIXEL_DISTANCE were chosen by, measured on the emoji's
 * validation split alone: `pnpm exec tsx packages/dataset-icons/scripts/thresholds.ts`, with TSX_TSCONFIG_PATH naming tsconfig.json.
 */
import type { RgbImage } from '@simvlm/core';
import { hashDistance, perceptualHash } from '@simvlm/data/node';
import { prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { resize } from '@simvlm/image';
import sharp from 'sharp';
import { smallPixels, TestedPictures } from '../src/tested-pictures';

async function raw(image: sharp.Sharp): Promise<RgbImage> {
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

function opened({ width, height, data }: RgbImage): sharp.Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const white = '#ffffff';

/** What may become of a picture on its way into another set. */
const COPIES: Record<string, (image: RgbImage) => Promise<RgbImage>> = {
  '64 pixels': async image => resize(image, { width: 64, height: 64, filter: 'bicubic' }),
  '24 pixels': async image => resize(image, { width: 24, height: 24 }),
  'JPEG, quality 50': async image => raw(sharp(await opened(image).jpeg({ quality: 50 }).toBuffer())),
  'one pixel of margin more': image =>
    raw(opened(image).extend({ top: 1, bottom: 1, left: 1, right: 1, background: white })),
  'one pixel to the right': image =>
    raw(
      opened(image)
        .extract({ left: 0, top: 0, width: 31, height: 32 })
        .extend({ left: 1, background: white }),
    ),
  'in grey': async image => ({ ...image, data: image.data.map((_, i, all) => grey(all, i - (i % 3))) }),
  'lighter by a fifth': async image => ({
    ...image,
    data: image.data.map(value => Math.round(255 - (255 - value) * 0.8)),
  }),
};

function grey(data: Uint8Array, at: number): number {
  return Math.round(0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
}

function rms(one: Uint8Array, other: Uint8Array): number {
  return Math.sqrt(one.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0) / one.length);
}

function shares(values: readonly number[], steps: readonly number[]): string {
  return steps
    .map(
      step =>
        `≤ ${step}: ${((100 * values.filter(value => value <= step).length) / values.length).toFixed(2)} %`,
    )
    .join('  ');
}

const HASHES = [0, 2, 4, 6, 8, 10];
const LEVELS = [5, 10, 15, 20, 25, 30];

async function main(): Promise<void> {
  const { val } = await prepareEmojiDataset();
  const images = val.items.map((_, i) => val.get(i).image!);
  const hashes = images.map(perceptualHash);
  const small = images.map(smallPixels);
  for (const [name, copy] of Object.entries(COPIES)) {
    const copies = await Promise.all(images.map(copy));
    console.log(
      `${name}: hash ${shares(
        copies.map((image, i) => hashDistance(hashes[i]!, perceptualHash(image))),
        HASHES,
      )}`,
    );
    console.log(
      `${' '.repeat(name.length)}  rms  ${shares(
        copies.map((image, i) => rms(small[i]!, smallPixels(image))),
        LEVELS,
      )}`,
    );
    const found = copies.filter((image, i) => new TestedPictures([images[i]!]).rule(image, image)).length;
    console.log(
      `${' '.repeat(name.length)}  found by either rule: ${((100 * found) / images.length).toFixed(2)} %`,
    );
  }
  const nearest = { hash: [] as number[], rms: [] as number[] };
  for (const [i, { baseHexcode }] of val.items.entries()) {
    const others = val.items.flatMap((item, j) => (item.baseHexcode === baseHexcode ? [] : [j]));
    nearest.hash.push(Math.min(...others.map(j => hashDistance(hashes[i]!, hashes[j]!))));
    nearest.rms.push(Math.min(...others.map(j => rms(small[i]!, small[j]!))));
  }
  console.log(`nearest of another emoji, of ${images.length}: hash ${shares(nearest.hash, HASHES)}`);
  console.log(`${' '.repeat(35)} rms  ${shares(nearest.rms, LEVELS)}`);
}

main();
