import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Random } from '@simvlm/core';
import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import {
  type Augmentation,
  augmentations,
  openPicturePool,
  type PictureJob,
  type PicturePool,
  preparePicture,
} from '../src/index';
import { noise } from './fixture';

let pool: PicturePool | undefined;
afterEach(() => pool?.close());

const jpeg = (seed: number) => {
  const { width, height, data } = noise(40, 30, seed);
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
};
const draw = (seed: number) => ({ random: Random.fromSeed(seed).state(), mirror: true });

test('workers give what this thread gives, of files and of pixels, each job its own, and the pictures stay', async () => {
  pool = openPicturePool({ workers: 2 });
  const jobs: PictureJob[] = [];
  for (let seed = 0; seed < 10; seed++) {
    const transform = { size: 16, augment: augmentations[seed % augmentations.length]! };
    jobs.push({ picture: await jpeg(seed), transform, draw: draw(seed) });
    jobs.push({ picture: noise(20, 20, seed), transform, draw: draw(seed) });
    jobs.push({ picture: noise(20, 30, seed), transform });
  }
  const here = await Promise.all(jobs.map(preparePicture));
  expect(await Promise.all(jobs.map(job => pool!.prepare(job)))).toEqual(here);
  // Nothing was taken from the caller.
  expect(await Promise.all(jobs.map(job => pool!.prepare(job)))).toEqual(here);
});

test('a job that fails is rejected with the error of this thread, and others go on', async () => {
  pool = openPicturePool({ workers: 1 });
  const transform = { size: 16 };
  const good = { picture: await jpeg(1), transform };
  const jobs: PictureJob[] = [
    { picture: new TextEncoder().encode('a letter'), transform },
    { picture: (await jpeg(2)).subarray(0, 400), transform },
    { picture: noise(4, 4), transform: { size: 16, augment: 'blur' as Augmentation }, draw: draw(0) },
    { picture: noise(4, 4), transform: { size: 0 } },
  ];
  for (const job of jobs) {
    const here: Error & { code?: string } = await preparePicture(job).then(Object, error => error);
    const there = pool.prepare(job);
    await expect(there).rejects.toMatchObject({ name: here.name, code: here.code, message: here.message });
    await expect(there).rejects.toBeInstanceOf(here.constructor);
  }
  expect(await pool.prepare(good)).toEqual(await preparePicture(good));
});

test('a closed pool rejects what is not done and what comes later', async () => {
  pool = openPicturePool({ workers: 1 });
  const job = { picture: noise(4, 4), transform: { size: 2 } };
  const waiting = [pool.prepare(job), pool.prepare(job), pool.prepare(job)];
  const outcomes = Promise.allSettled(waiting);
  await pool.close();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected' });
  await expect(pool.prepare(job)).rejects.toThrow('the picture pool is closed');
});

test.each([-1, 0.5, 257, Number.NaN])('%d workers are refused', workers => {
  expect(() => openPicturePool({ workers })).toThrow(/workers must be an integer from 0 to 256/);
});

test('a pool that is not closed lets the process end once its jobs are done, not before', async () => {
  const file = fileURLToPath(new URL('programs/pool-not-closed.ts', import.meta.url));
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], { cwd: root });
  expect(stdout).toBe('done 8 x 8\n');
});
