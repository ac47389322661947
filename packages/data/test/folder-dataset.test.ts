import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, ImageError } from '@simvlm/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { subset } from '../src/index';
import { folderDataset } from '../src/node';
import { plain } from './fixture';

let root: string;
let folders = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'folder-dataset-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Decodes a file of one byte: the grey of the picture. Anything else is no picture. */
const decode = async (bytes: Uint8Array) => {
  if (bytes.length !== 1) throw new ImageError('IMAGE_TOO_LARGE', `${bytes.length} bytes are too many`);
  return plain(2, bytes[0]);
};

/** A folder with these lines and files. */
async function folder(lines: readonly string[], files: Record<string, number[]> = {}): Promise<string> {
  const path = join(root, `${folders++}`);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'captions.jsonl'), lines.join('\n'));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), Uint8Array.from(bytes));
  }
  return path;
}
const line = (value: object) => JSON.stringify(value);
const good = line({ text: 'a note' });

test('lines are read in order, pictures when they are asked for', async () => {
  const path = await folder(
    [
      line({ image: 'cats/one.png', text: 'a cat' }),
      '',
      line({ text: 'a note' }),
      line({ image: '..b.png', text: 'b', id: 'mine' }),
    ],
    { 'cats/one.png': [7], '..b.png': [9] },
  );
  const dataset = await folderDataset(path, { decode });
  expect(dataset.length).toBe(3);
  expect(await dataset.get(0)).toEqual({ id: 'cats/one', text: 'a cat', image: plain(2, 7) });
  expect(await dataset.get(1)).toEqual({ id: 'line-3', text: 'a note' });
  expect(await dataset.get(2)).toEqual({ id: 'mine', text: 'b', image: plain(2, 9) });
  expect(dataset.skipped).toEqual({ count: 0, draws: 0, reasons: [] });
});

test('other keys are the fields of an example; its outline reads no picture', async () => {
  const answers = { question: 'what is it?', answer: ['a cat', 'cat'] };
  const path = await folder([line({ image: 'gone.png', text: 'a cat', label: 'cat', ...answers }), good]);
  const dataset = await folderDataset(path, { decode });
  const outline = { id: 'gone', text: 'a cat', fields: { label: 'cat', ...answers } };
  expect(dataset.outline?.(0)).toEqual(outline);
  expect(subset(dataset, [1, 0]).outline?.(1)).toEqual(outline);
  await expect(async () => dataset.get(0)).rejects.toThrow('gone.png');
  expect(await dataset.get(1)).toEqual({ id: 'line-2', text: 'a note' });
  expect(() => dataset.outline?.(2)).toThrow('no example 2; there are 2');
});

test.each([
  ['a line that is not JSON', '{"text": "a cat"', /not JSON/],
  ['a line that is no object', '["a cat"]', /must be a JSON object/],
  ['an unknown key', line({ text: 'a', imgae: 'a.png' }), /unknown key "imgae"; did you mean "image"\?/],
  ['a missing text', line({ image: 'a.png' }), /"text" must be a string/],
  ['an empty caption', line({ text: '  ' }), /the caption is empty/],
  ['an id that is no string', line({ text: 'a', id: 5 }), /"id" must be a string/],
  ['an image that is no path', line({ text: 'a', image: 5 }), /"image" must be a path below the folder/],
  ['the folder itself', line({ text: 'a', image: 'cats/..' }), /"image" must be a path below the folder/],
  ['half of a surrogate pair', '{"text": "a \\ud83d"}', /"text" holds half of a surrogate pair/],
  ['a path that climbs out', line({ text: 'a', image: '../secret.png' }), /"..\/secret.png" lies outside/],
  [
    'a path that climbs out later',
    line({ text: 'a', image: 'cats/../../secret.png' }),
    /lies outside the folder/,
  ],
  ['the folder above', line({ text: 'a', image: '..' }), /lies outside the folder/],
  ['an absolute path', line({ text: 'a', image: '/etc/passwd' }), /"\/etc\/passwd" lies outside the folder/],
])('%s is refused with file and line; without strict it is left out and counted', async (_, bad, message) => {
  const path = await folder([good, '', bad, good]);
  const failure = folderDataset(path, { decode });
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toBeInstanceOf(DataError);
  await expect(failure).rejects.toThrow(`${join(path, 'captions.jsonl')}:3: `);
  const { length, skipped } = await folderDataset(path, { decode, strict: false });
  expect([length, skipped.count]).toEqual([2, 1]);
  expect(skipped.reasons[0]).toMatch(message);
});

test('many bad lines are all counted, the first twenty with their reasons', async () => {
  const path = await folder([good, ...new Array<string>(25).fill('nonsense')]);
  const { skipped } = await folderDataset(path, { decode, strict: false });
  expect([skipped.count, skipped.reasons.length]).toEqual([25, 20]);
});

test('a folder without captions.jsonl, and one where it is no file, are named', async () => {
  const missing = join(root, 'nowhere');
  await expect(folderDataset(missing, { decode })).rejects.toMatchObject({
    code: 'DATA_NOT_FOUND',
    message: `cannot read ${join(missing, 'captions.jsonl')}: there is no such file`,
  });
  const odd = join(root, 'odd');
  await mkdir(join(odd, 'captions.jsonl'), { recursive: true });
  await expect(folderDataset(odd, { decode })).rejects.toThrow(
    /cannot read .*captions\.jsonl: it is a folder, not a regular file/,
  );
});

test('a file without a usable line is an error that tells the first problem', async () => {
  await expect(folderDataset(await folder(['']), { decode })).rejects.toThrow('holds no usable line');
  await expect(folderDataset(await folder(['x']), { decode, strict: false })).rejects.toThrow(
    /holds no usable line; the first problem: .*captions\.jsonl:1: not JSON/,
  );
});

test('a picture that is missing or cannot be decoded is an ImageError with its path', async () => {
  const path = await folder([line({ text: 'a', image: 'no.png' }), line({ text: 'b', image: 'big.png' })], {
    'big.png': [1, 2],
  });
  const dataset = await folderDataset(path, { decode });
  const [missing, big] = [dataset.get(0), dataset.get(1)];
  await expect(missing).rejects.toBeInstanceOf(ImageError);
  await expect(missing).rejects.toThrow(`cannot read ${join(path, 'no.png')}: there is no such file`);
  await expect(big).rejects.toMatchObject({
    code: 'IMAGE_TOO_LARGE',
    message: `${join(path, 'big.png')}: 2 bytes are too many`,
  });
});

test('an index outside and a decoder that is broken are not taken for a bad picture', async () => {
  const path = await folder([line({ text: 'a', image: 'a.png' })], { 'a.png': [1] });
  const dataset = await folderDataset(path, {
    decode: () => {
      throw new TypeError('no decoder');
    },
  });
  await expect(dataset.get(0)).rejects.toThrow(TypeError);
  await expect(dataset.get(1)).rejects.toThrow('no example 1; there are 1');
});
