import { describe, expect, test } from 'vitest';
import { chosenFiles, droppedFiles, partGiven } from '../../src/page/state/given-files';

const file = (name: string) => new File([name], name);
const given = (...paths: string[]) => paths.map(path => ({ path, file: file(path.split('/').at(-1)!) }));
const paths = (files: readonly { path: string }[]) => files.map(({ path }) => path);

interface Folder {
  readonly [name: string]: Folder | null;
}

/** As browsers have it: folders give their entries a hundred at a time, files by a callback. */
function entry(name: string, folder: Folder | null): unknown {
  if (!folder) return { name, isDirectory: false, file: (take: (file: File) => void) => take(file(name)) };
  const createReader = () => {
    const rest = Object.entries(folder).map(([inner, child]) => entry(inner, child));
    return { readEntries: (take: (some: unknown[]) => void) => take(rest.splice(0, 100)) };
  };
  return { name, isDirectory: true, createReader };
}

function drop(folder: Folder, ...others: unknown[]) {
  const items = Object.entries(folder).map(([name, child]) => ({
    kind: 'file',
    webkitGetAsEntry: () => entry(name, child),
    getAsFile: () => file(name),
  }));
  return droppedFiles({ items: [...items, ...others] } as unknown as DataTransfer);
}

describe('what was dropped', () => {
  test('files have their names, those of folders their paths', async () => {
    const dropped = await drop({
      'fox.png': null,
      lessons: { a: { 'hen.png': null }, 'captions.jsonl': null },
    });
    expect(paths(dropped)).toEqual(['fox.png', 'lessons/a/hen.png', 'lessons/captions.jsonl']);
    expect(dropped.map(({ file }) => file.name)).toEqual(['fox.png', 'hen.png', 'captions.jsonl']);
  });

  test('a folder of more files than a reader gives at once is read to its end', async () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`${i}.png`, null]));
    expect(await drop({ many })).toHaveLength(250);
  });

  test('a picture out of another page has no entry, and a text is no file', async () => {
    const picture = { kind: 'file', webkitGetAsEntry: () => null, getAsFile: () => file('image.png') };
    const text = { kind: 'string', webkitGetAsEntry: () => null, getAsFile: () => null };
    expect(paths(await drop({}, picture, text))).toEqual(['image.png']);
  });
});

test('what was chosen has the path in its folder', () => {
  const inside = Object.defineProperty(file('hen.png'), 'webkitRelativePath', { value: 'lessons/hen.png' });
  const alone = Object.defineProperty(file('fox.png'), 'webkitRelativePath', { value: '' });
  expect(paths(chosenFiles([inside, alone]))).toEqual(['lessons/hen.png', 'fox.png']);
});

test.each([
  ['pictures', ['a.png', 'b.png'], [], ['a.png', 'b.png']],
  ['a folder', ['x/a.png', 'x/captions.jsonl'], ['x/a.png', 'x/captions.jsonl'], []],
  ['a folder beside a picture', ['x/captions.jsonl', 'a.png'], ['x/captions.jsonl'], ['a.png']],
  ['the files of a folder', ['a.png', 'captions.jsonl'], ['a.png', 'captions.jsonl'], []],
  ['an empty folder', [], [], []],
])('%s', (_, all, folder, pictures) => {
  const parts = partGiven(given(...all));
  expect([paths(parts.folder), paths(parts.pictures)]).toEqual([folder, pictures]);
});
