import { readFileSync } from 'node:fs';
import { DataError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrowSource, memoryFolder, savedDatasetSource } from '../../src/index';
import { diskFile, diskFolder } from '../../src/node';
import { expectDisjointShares, expectExactResume, expectTypedEnd } from './promises';
import { expected, fixture, keys, pictures, readAll } from './read-all';

const file = (name: string) => diskFile(fixture(`arrow/${name}`));
const shards = [0, 1].map(i => file(`saved/data-0000${i}-of-00002.arrow`));
const inMemory = (bytes: Uint8Array) => [memoryFolder(new Map([['a.arrow', bytes]])).file('a.arrow')];
const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture(`arrow/${name}`)));

describe('what datasets and pyarrow read', () => {
  test.each([
    ['saved', 'saved', undefined],
    ['splits', 'train', 'train'],
    ['splits', 'test', 'test'],
  ])('save_to_disk: %s, %s', async (name, key, split) => {
    const reader = await savedDatasetSource(diskFolder(fixture(`arrow/${name}`)), { split });
    const samples = await readAll(reader);
    const want = expected('arrow')[key];
    expect(samples.map(({ text, label, answers, split }) => ({ text, label, answers, split }))).toEqual(
      want.map(({ text, label, answers }: Record<string, unknown>) => ({ text, label, answers, split })),
    );
    expect(await Promise.all(samples.map(pictures))).toEqual(
      want.map(({ image }: { image: string | null }) => (image === null ? [] : [image])),
    );
  });

  test('a DatasetDict without a split gives all of them in their order', async () => {
    const samples = await readAll(await savedDatasetSource(diskFolder(fixture('arrow/splits'))));
    expect(samples.map(({ split }) => split)).toEqual(['train', 'train', 'train', 'test', 'test']);
  });

  test.each(['stream', 'file'])('the %s format, several batches, a dictionary', async name => {
    const samples = await readAll(arrowSource([file(`${name}.arrow`)]));
    expect(samples.map(({ text, fields }) => ({ text, likes: fields!.likes }))).toEqual(
      expected('arrow').stream,
    );
    expect(samples[7]!.key).toBe(`${name}.arrow:7`);
  });
});

test('the position is exact behind every row, batches with dictionaries included, and shares are disjoint', async () => {
  const files = [file('stream.arrow'), ...shards];
  await expectExactResume(
    () => arrowSource(files),
    Array.from({ length: 28 }, (_, i) => i),
  );
  await expectDisjointShares(() => arrowSource(files), [2, 3, 4]);
});

describe('faults', () => {
  const whole = bytesOf('saved/data-00000-of-00002.arrow');

  test('cut off anywhere it is a DataError that names the file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async end => {
        const error = await keys(arrowSource(inMemory(whole.subarray(0, end)))).catch(error => error);
        expect(error).toBeInstanceOf(DataError);
        expect(error.message).toMatch(/^folder\/a\.arrow: byte \d+: /);
      }),
      { numRuns: 60 },
    );
  });

  test('a changed byte: other values, a counted row or a typed error, never a hang', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (place, value) => {
        const copy = whole.slice();
        copy[place] = value;
        await expectTypedEnd(() => arrowSource(inMemory(copy)));
      }),
      { numRuns: 300 },
    );
  });

  test('a column and a split that are not there are errors that name those that are', async () => {
    await expect(keys(arrowSource(shards, { map: { text: 'captoin' } }))).rejects.toThrow(
      /has no column "captoin"; it has image, text, label, answers/,
    );
    const splits = diskFolder(fixture('arrow/splits'));
    await expect(savedDatasetSource(splits, { split: 'val' })).rejects.toThrow(/its splits: train, test/);
  });

  test('a folder of another kind, and names that lead elsewhere, are errors', async () => {
    await expect(savedDatasetSource(memoryFolder(new Map()))).rejects.toMatchObject({
      code: 'DATA_NOT_FOUND',
    });
    for (const state of ['{}', '{"_data_files":[{"filename":"../x"}]}', '{"_data_files":[7]}']) {
      const folder = memoryFolder(new Map([['state.json', new TextEncoder().encode(state)]]));
      await expect(savedDatasetSource(folder)).rejects.toThrow(/"_data_files" must list names/);
    }
  });
});
