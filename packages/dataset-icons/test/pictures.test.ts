import type { RgbImage } from '@simvlm/core';
import { hashDistance, perceptualHash } from '@simvlm/data/node';
import { prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { afterAll, expect, test } from 'vitest';
import { contrast, inkAndPaper, LEAST_CONTRAST, recoloured } from '../src/colours';
import { HASH_DISTANCE, TestedPictures } from '../src/tested-pictures';
import { testFolder } from './fixture';

const folder = testFolder();
afterAll(folder.remove);

/** One column to the right. */
function shifted({ width, height, data }: RgbImage): RgbImage {
  const moved = data.slice();
  for (let row = 0; row < height; row++)
    moved.copyWithin((row * width + 1) * 3, row * width * 3, (row * width + width - 1) * 3);
  return { width, height, data: moved };
}

test('pictures that are tested on are found again, in other colours by their shapes, moved by their pixels', async () => {
  const { unseenArtist, train } = await prepareEmojiDataset({ limit: 40, cacheDir: folder.path });
  const pictures = unseenArtist.items.map((_, i) => unseenArtist.get(i).image!);
  const tested = new TestedPictures(pictures);
  for (const picture of pictures) {
    const dark = { ...picture, data: picture.data.map(value => value / 2) };
    expect(tested.rule(picture, picture)).toBe('hash');
    expect(tested.rule(picture, dark)).toBe('hash');
  }
  const moved = pictures
    .map(picture => ({ picture, copy: shifted(picture) }))
    .filter(
      ({ picture, copy }) => hashDistance(perceptualHash(picture), perceptualHash(copy)) > HASH_DISTANCE,
    )
    .filter(({ copy }) => tested.rule(copy, copy) === 'pixels');
  expect(moved.length).toBeGreaterThan(0);
  // What shows something else is no copy, as a rule.
  const other = train.items
    .map((_, i) => train.get(i).image!)
    .filter(picture => !tested.rule(picture, picture));
  expect(other.length).toBeGreaterThan(0.5 * train.length);
});

test('ink and paper are random, told apart, and belong to the key', () => {
  const draws = Array.from({ length: 1000 }, (_, i) => inkAndPaper(`key ${i}`));
  for (const { ink, paper } of draws) expect(contrast(ink, paper)).toBeGreaterThanOrEqual(LEAST_CONTRAST);
  expect(new Set(draws.map(({ ink }) => ink.join())).size).toBeGreaterThan(950);
  const white = draws.filter(({ paper }) => paper.every(value => value === 255)).length;
  expect(white).toBeGreaterThan(400);
  expect(white).toBeLessThan(600);
  expect(inkAndPaper('key 7')).toEqual(draws[7]);
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 10);
});

test('black becomes ink, white paper, grey what is between them', () => {
  const colours = { ink: [10, 20, 30], paper: [210, 220, 230] } as const;
  const pixels = Uint8Array.of(0, 0, 0, 255, 255, 255, 51, 51, 51);
  expect([...recoloured(pixels, colours)]).toEqual([10, 20, 30, 210, 220, 230, 50, 60, 70]);
});
