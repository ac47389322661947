import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readImageHeader } from '@simvlm/image';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { smallerPicture } from '../src/io/encode-picture';
import { drawFolder, simvlm, workingFolder } from './fixture';

const shards = fileURLToPath(
  new URL('../../data/test/readers/fixtures/webdataset/plain-{000000..000003}.tar', import.meta.url),
);

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('pictures', 5, 1);
});
afterAll(() => folder.leave());

test('converts, lists the same, and says so when it is run again', async () => {
  const first = await simvlm('data', 'convert', shards, '--out', 'same', '--shard-size', '4');
  expect(first).toMatchObject({ code: 0, out: '', err: 'same: 10 samples in 3 shards\n' });
  expect((await simvlm('data', 'list', 'same')).out).toBe((await simvlm('data', 'list', shards)).out);
  expect(JSON.parse(readFileSync('same/sizes.json', 'utf8'))).toEqual({
    '00000.tar': 4,
    '00001.tar': 4,
    '00002.tar': 2,
  });
  const again = await simvlm('data', 'convert', shards, '--out', 'same', '--shard-size', '4');
  expect(again).toMatchObject({ code: 0, err: 'same: 10 samples in 3 shards\n' });
});

test('makes pictures smaller, and leaves out what a file names', async () => {
  folder.write('twice.jsonl', '{"key":"1","of":"0","distance":2}\n{"key":"3","of":"0","distance":0}\n');
  const args = ['data', 'convert', 'pictures', '--out', 'small', '--resize', '8', '--without', 'twice.jsonl'];
  expect(await simvlm(...args)).toMatchObject({ code: 0 });
  const samples = (await simvlm('data', 'list', 'small')).lines.map(line => JSON.parse(line));
  expect(samples.map(({ key }) => key)).toEqual(['0', '2', '4']);
  expect(samples[0].images[0]).toMatchObject({ width: 8, height: 8, path: '0.png' });
  folder.write('twice.jsonl', '{"key":"1"}\n');
  expect(await simvlm(...args)).toMatchObject({
    code: 2,
    err: expect.stringContaining('was begun with another without'),
  });
});

test('what contradicts itself is refused before anything is written', async () => {
  const convert = (...args: string[]) => simvlm('data', 'convert', shards, '--out', 'new', ...args);
  expect(await convert('--quality', '80')).toMatchObject({ code: 2 });
  expect(await convert('--shard-size', '4', '--shard-bytes', '1MB')).toMatchObject({ code: 2 });
  expect(await convert('--shard-bytes', '1 apple')).toMatchObject({
    code: 2,
    err: expect.stringContaining('such as 4096, 20MB or 1GiB'),
  });
  expect(readdirSync('.')).not.toContain('new');
});

test('a smaller picture is upright, keeps its kind, and one that is small enough its bytes', async () => {
  const turned = sharp({
    create: { width: 60, height: 30, channels: 3, background: '#c04020' },
  }).withMetadata({ orientation: 6 });
  const jpeg = await turned.clone().jpeg().toBuffer();
  const smaller = await smallerPicture(jpeg, { shortSide: 10, quality: 90 });
  expect(await sharp(smaller).metadata()).toMatchObject({ format: 'jpeg', width: 10, height: 20 });
  expect((await sharp(smaller).metadata()).orientation).toBeUndefined();
  expect(await smallerPicture(jpeg, { shortSide: 30, quality: 90 })).toBe(jpeg);
  for (const format of ['png', 'webp'] as const) {
    const made = await smallerPicture(await turned.clone()[format]().toBuffer(), {
      shortSide: 10,
      quality: 90,
    });
    expect((await sharp(made).metadata()).format).toBe(format);
  }
  await expect(smallerPicture(jpeg.subarray(0, 200), { shortSide: 10, quality: 90 })).rejects.toMatchObject({
    code: 'IMAGE_UNREADABLE',
  });
});

test('a picture that is larger than its header says is not decoded', async () => {
  // A TIFF that states its width twice: one reader takes the last, the decoder the first.
  const tags: [tag: number, type: 3 | 4, value: number][] = [
    [256, 4, 9000],
    [256, 4, 90],
    [257, 4, 9000],
    [257, 4, 90],
    [258, 3, 1],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, 9000],
    [279, 4, 90],
  ];
  const bytes = Buffer.alloc(8 + 2 + 12 * tags.length + 4);
  bytes.write('II*\0', 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(tags.length, 8);
  for (const [i, [tag, type, value]] of tags.entries()) {
    const at = 10 + 12 * i;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(type, at + 2);
    bytes.writeUInt32LE(1, at + 4);
    bytes.writeUInt32LE(value, at + 8);
  }
  expect(readImageHeader(bytes)).toMatchObject({ width: 90, height: 90 });
  await expect(smallerPicture(bytes, { shortSide: 10, quality: 90 })).rejects.toMatchObject({
    name: 'ImageError',
    message: expect.stringContaining('pixel limit'),
  });
});
