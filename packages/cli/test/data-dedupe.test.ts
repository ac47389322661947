import { copyFileSync, readFileSync } from 'node:fs';
import { Random } from '@simvlm/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  // Smooth, as photographs are: 6 × 6 random greys, stretched.
  for (const [seed, name] of ['a', 'b', 'c'].entries()) {
    const random = Random.fromSeed(seed);
    const greys = Uint8Array.from({ length: 36 }, () => random.integer(256));
    await sharp(greys, { raw: { width: 6, height: 6, channels: 1 } })
      .resize(96, 96, { kernel: 'cubic' })
      .png()
      .toFile(`${name}.png`);
  }
  await sharp('a.png').resize(60, 60).jpeg({ quality: 80 }).toFile('smaller.jpg');
  copyFileSync('c.png', 'test.png');
  const lines = (names: readonly string[]) =>
    names.map(name => JSON.stringify({ id: name, image: name, text: 'x' })).join('\n');
  folder.write('train.jsonl', lines(['a.png', 'b.png', 'c.png', 'smaller.jpg']));
  folder.write('test.jsonl', lines(['test.png']));
});
afterAll(() => folder.leave());

test('prints a line for each near duplicate, which convert --without leaves out', async () => {
  const args = ['data', 'dedupe', 'train.jsonl', '--against', 'test.jsonl'];
  const { code, lines, err } = await simvlm(...args);
  expect(code).toBe(0);
  expect(lines.map(line => JSON.parse(line))).toEqual([
    { key: 'c.png', of: 'test.png', distance: 0, against: true },
    { key: 'smaller.jpg', of: 'a.png', distance: expect.any(Number) },
  ]);
  expect(err).toBe('near duplicates: 2 of 4 samples, 1 of them of test.jsonl\n');

  const { out } = await simvlm(...args, '--out', 'twice.jsonl');
  expect(out).toBe('');
  expect(readFileSync('twice.jsonl', 'utf8').trim().split('\n')).toEqual(lines);
  await simvlm('data', 'convert', 'train.jsonl', '--out', 'clean', '--without', 'twice.jsonl');
  const kept = (await simvlm('data', 'list', 'clean', '--no-images')).lines.map(line => JSON.parse(line).key);
  expect(kept).toEqual(['a.png', 'b.png']);
});

test('a distance beyond 15 is refused', async () => {
  expect(await simvlm('data', 'dedupe', 'train.jsonl', '--distance', '16')).toMatchObject({
    code: 2,
    err: expect.stringContaining('give a whole number from 0 to 15'),
  });
});
