import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderDataset } from '../src/node';
import { plain } from './fixture';

let path: string;
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'ids-'));
});
afterAll(() => rm(path, { recursive: true }));

async function read(lines: readonly object[], strict = true) {
  await writeFile(join(path, 'captions.jsonl'), lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  return folderDataset(path, { decode: async () => plain(2), strict });
}
const idsOf = async (...lines: object[]) => (await read(lines)).lines.map(({ id }) => id);

test('an id defaults to the path below the folder without its extension', async () => {
  expect(
    await idsOf(
      { image: 'a/1.png', text: 'x' },
      { image: 'b/1.png', text: 'x' },
      { image: './c//d/../v1.0.tar.png', text: 'x' },
      { image: '.hidden', text: 'x' },
    ),
  ).toEqual(['a/1', 'b/1', 'c/v1.0.tar', '.hidden']);
});

test('a document is named by its line, which no picture is', async () => {
  expect(await idsOf({ text: 'x' }, { image: '1.png', text: 'x' }, { image: '3.png', text: 'x' })).toEqual([
    'line-1',
    '1',
    '3',
  ]);
});

test('several captions of one picture get ids of their own', async () => {
  expect(
    await idsOf(
      { image: 'a.png', text: 'x' },
      { image: './a.png', text: 'y' },
      { image: 'a.png', text: 'z', id: 'own' },
      { image: 'a.png', text: 'z' },
    ),
  ).toEqual(['a', 'a#2', 'own', 'a#3']);
});

test.each([
  ['an id that is given twice', { text: 'x', id: 'fox' }, { text: 'y', id: 'fox' }, 'fox'],
  [
    'two pictures that differ in their extension',
    { image: 'a/1.png', text: 'x' },
    { image: 'a/1.jpg', text: 'y' },
    'a/1',
  ],
  ['an id that is that of a picture', { image: 'a.png', text: 'x' }, { text: 'y', id: 'a' }, 'a'],
  [
    'an id such as constructor',
    { text: 'x', id: 'constructor' },
    { text: 'y', id: 'constructor' },
    'constructor',
  ],
])('%s is an error that names both lines', async (_, one, other, id) => {
  const lines = [{ text: 'first' }, one, { text: 'third' }, other];
  const message = `${join(path, 'captions.jsonl')}:4: the id "${id}" is that of line 2; give one of them another "id"`;
  await expect(read(lines)).rejects.toThrow(message);
  const { length, skipped } = await read(lines, false);
  expect([length, skipped]).toEqual([3, { count: 1, draws: 1, reasons: [message] }]);
});
