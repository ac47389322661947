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

test('where keys repeat, the line says which sample it is, and only that is left out', async () => {
  const rows = [
    ['1', 'a.png'],
    ['2', 'b.png'],
    ['1', 'c.png'],
    ['2', 'smaller.jpg'],
  ].map(([id, image]) => JSON.stringify({ id, image, text: image }));
  folder.write('repeated.jsonl', rows.join('\n'));
  const map = ['--map', 'key=id'];
  const { lines } = await simvlm('data', 'dedupe', 'repeated.jsonl', ...map, '--out', 'found.jsonl');
  expect(lines.join('')).toBe('');
  expect(JSON.parse(readFileSync('found.jsonl', 'utf8'))).toEqual({
    key: '2',
    index: 3,
    of: '1',
    distance: expect.any(Number),
  });
  const convert = ['data', 'convert', 'repeated.jsonl', ...map, '--out', 'unique', '--without'];
  expect(await simvlm(...convert, 'found.jsonl')).toMatchObject({ code: 0 });
  const kept = (await simvlm('data', 'list', 'unique', '--no-images')).lines.map(
    line => JSON.parse(line).text,
  );
  expect(kept).toEqual(['a.png', 'b.png', 'c.png']);
  folder.write('wrong.jsonl', '{"key":"2","index":"3"}');
  expect(await simvlm(...convert, 'wrong.jsonl')).toMatchObject({
    code: expect.any(Number),
    err: expect.stringContaining('wrong.jsonl:1: "index" is not a whole number'),
  });
});

test('a distance beyond 15 is refused', async () => {
  expect(await simvlm('data', 'dedupe', 'train.jsonl', '--distance', '16')).toMatchObject({
    code: 2,
    err: expect.stringContaining('give a whole number from 0 to 15'),
  });
});
