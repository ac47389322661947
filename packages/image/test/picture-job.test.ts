import { Random, type RgbImage } from '@simvlm/core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import {
  type Augmentation,
  augmentations,
  decodeImage,
  fits,
  imageTransform,
  openPicturePool,
  type PictureTransform,
  preparePicture,
  squareImage,
} from '../src/index';
import { noise } from './fixture';

const picture = noise(40, 30);
const file = ({ width, height, data }: RgbImage) =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
const draw = (seed: number, mirror = true) => ({ random: Random.fromSeed(seed).state(), mirror });

test('without a draw a picture is what evaluation reads, whatever the augmentation', async () => {
  for (const fit of fits) {
    const transform: PictureTransform = { size: 16, fit, filter: 'bicubic', augment: 'drawing-strong' };
    expect(await preparePicture({ picture, transform })).toEqual(squareImage(picture, transform));
  }
});

test.each(augmentations)(
  '%s of a file and of its pixels are one, and as the transform of that name',
  async augment => {
    const bytes = await file(picture);
    const decoded = await decodeImage(bytes);
    for (let seed = 0; seed < 4; seed++) {
      const rest = { transform: { size: 16, augment }, draw: draw(seed) };
      const made = await preparePicture({ picture: bytes, ...rest });
      expect(made).toEqual(await preparePicture({ picture: decoded, ...rest }));
      expect(made).toEqual(imageTransform(augment, 16)(decoded, Random.fromSeed(seed), 'cat'));
    }
  },
);

test('a picture is mirrored only where that is allowed', async () => {
  const transform: PictureTransform = { size: 16, augment: 'drawing-strong' };
  const made = (seed: number, mirror: boolean) =>
    preparePicture({ picture, transform, draw: draw(seed, mirror) });
  let mirrored = 0;
  for (let seed = 0; seed < 20; seed++)
    if ((await made(seed, true)).data.join() !== (await made(seed, false)).data.join()) mirrored++;
  expect(mirrored).toBeGreaterThan(0);
  expect(mirrored).toBeLessThan(20);
});

test('what the transform says of shape and filter also holds for pictures that are varied', async () => {
  const made = async (rest: Partial<PictureTransform>, augment: Augmentation) =>
    (await preparePicture({ picture, transform: { size: 16, augment, ...rest }, draw: draw(1) })).data.join();
  for (const augment of ['none', 'drawing'] as const)
    expect(await made({ fit: 'squash' }, augment)).not.toBe(await made({}, augment));
  for (const augment of ['none', 'crop', 'drawing'] as const)
    expect(await made({ filter: 'bicubic' }, augment)).not.toBe(await made({}, augment));
});

test('an unknown augmentation is refused, in a job too', async () => {
  const transform = { size: 16, augment: 'blur' as Augmentation };
  await expect(preparePicture({ picture, transform, draw: draw(1) })).rejects.toThrow(
    'no augmentation "blur"',
  );
});

test('a pool without workers does the work in this thread', async () => {
  const pool = openPicturePool({ workers: 0 });
  const job = { picture, transform: { size: 16, augment: 'crop' }, draw: draw(3) } as const;
  expect(await pool.prepare(job)).toEqual(await preparePicture(job));
  expect(pool.workers).toBe(0);
  await pool.close();
});
