import { describe, expect, test } from 'vitest';
import { imageFolderSource, memoryFolder } from '../../src/index';
import { diskFolder } from '../../src/node';
import { expectDisjointShares, expectExactResume } from './promises';
import { expected, fixture, pictures, readAll } from './read-all';

const place = (name: string) => diskFolder(fixture(`imagefolder/${name}`));

describe('what the imagefolder of datasets reads', () => {
  test.each(['jsonl', 'csv'])('metadata.%s: its rows in their order', async form => {
    const samples = await readAll(await imageFolderSource(place(form)));
    const want = expected('imagefolder')[form];
    expect(samples.map(({ text, split }) => [text, split])).toEqual(
      want.map((row: { text: string }) => [row.text, 'train']),
    );
    for (const [i, sample] of samples.entries()) {
      expect(await pictures(sample)).toEqual([want[i].image]);
      expect(Number(sample.fields!.extra)).toBe(want[i].extra);
    }
    expect(samples[1]!.key).toBe('train/p/5');
  });

  test.each(['train', 'test'])('labels of the split %s are the names of folders', async split => {
    const samples = await readAll(await imageFolderSource(place('labels'), { split }));
    const want = expected('imagefolder')[`labels-${split}`];
    expect(samples.map(({ label }) => label)).toEqual(want.map((row: { label: string }) => row.label));
    expect(await Promise.all(samples.map(pictures))).toEqual(
      want.map((row: { image: string }) => [row.image]),
    );
  });
});

test('without a split, all of them follow one another', async () => {
  const samples = await readAll(await imageFolderSource(place('labels')));
  expect(samples.map(({ split }) => split)).toEqual([...Array(5).fill('train'), ...Array(2).fill('test')]);
});

test('the position is exact, and shares are disjoint', async () => {
  const names = new Map(Array.from({ length: 9 }, (_, i) => [`${i % 2}/${i}.png`, new Uint8Array(1)]));
  const source = await imageFolderSource(memoryFolder(names));
  await expectExactResume(() => source, [0, 4, 9]);
  await expectDisjointShares(() => source, [2, 3]);
});

test('a split that is not there, and a folder without pictures, are errors', async () => {
  await expect(imageFolderSource(place('labels'), { split: 'val' })).rejects.toThrow(
    /its splits: train, test/,
  );
  await expect(imageFolderSource(memoryFolder(new Map()))).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' });
});

test('a picture that is not there is an error of its own, when it is read', async () => {
  const table = new TextEncoder().encode('file_name,text\nnone.png,x\n');
  const reader = await imageFolderSource(memoryFolder(new Map([['metadata.csv', table]])));
  const [sample] = await readAll(reader);
  await expect(sample!.images[0]!.bytes()).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' });
});
