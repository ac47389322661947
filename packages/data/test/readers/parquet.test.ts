import { readFileSync } from 'node:fs';
import { DataError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryFolder, parquetSource } from '../../src/index';
import { diskFile } from '../../src/node';
import { expectDisjointShares, expectExactResume, expectTypedEnd } from './promises';
import { expected, fixture, keys, pictures, readAll } from './read-all';

const DATASETS = 'train-00000-of-00001.parquet';
const file = (name: string) => diskFile(fixture(`parquet/${name}`));
const inMemory = (bytes: Uint8Array) => [memoryFolder(new Map([['a.parquet', bytes]])).file('a.parquet')];
const whole = new Uint8Array(readFileSync(fixture(`parquet/${DATASETS}`)));

describe('what the real tools read', () => {
  test('datasets: pictures, nulls, lists, labels', async () => {
    const reader = parquetSource([file(DATASETS)]).read();
    const samples = await readAll(reader);
    const want = expected('parquet').datasets;
    expect(samples).toHaveLength(16);
    for (const [i, sample] of samples.entries()) {
      const { image, caption, label, captions, score } = want[i];
      expect(sample.key).toBe(`${DATASETS}:${i}`);
      expect(await pictures(sample)).toEqual(image === null ? [] : [image]);
      expect(sample).toMatchObject({ label, texts: captions, text: caption ?? captions[0] });
      expect(sample.fields!.score).toBe(score);
      // Beyond 2^53, where JSON's numbers are not exact.
      expect(sample.fields!.hash).toBe(String(2n ** 62n + BigInt(i)));
    }
    expect(samples[1]!.images[0]!.path).toBe('1.jpg');
    // Paths may be alike; the place is not.
    expect(samples[1]!.images[0]!.place).toBe(`${file(DATASETS).name}: row 1/image`);
    expect(samples[0]!.images[0]!.path).toBe(`${DATASETS}:0/image`);
  });

  test.each(['snappy', 'zstd', 'gzip', 'brotli', 'lz4', 'none'])(
    'pyarrow, %s: addresses and nulls',
    async codec => {
      const samples = await readAll(parquetSource([file(`laion-${codec}.parquet`)]));
      expect(
        samples.map(({ images, text }) => ({ URL: images[0]?.path ?? null, TEXT: text ?? null })),
      ).toEqual(expected('parquet').laion.map(({ URL, TEXT }: Record<string, string>) => ({ URL, TEXT })));
    },
  );

  test('two columns of bytes are two pictures; `map` takes one of them', async () => {
    const want = expected('parquet').pairs;
    const both = await readAll(parquetSource([file('pairs.parquet')]));
    expect(await Promise.all(both.map(pictures))).toEqual(
      want.map(({ left, right }: Record<string, string>) => [left, right]),
    );
    const one = await readAll(parquetSource([file('pairs.parquet')], { map: { image: 'right' } }));
    expect(await Promise.all(one.map(pictures))).toEqual(
      want.map(({ right }: Record<string, string>) => [right]),
    );
  });
});

test('the position is exact behind every row, and shares are disjoint', async () => {
  const files = [file('laion-zstd.parquet'), file('laion-gzip.parquet'), file(DATASETS)];
  const points = Array.from({ length: 33 }, (_, i) => i);
  await expectExactResume(() => parquetSource(files), points);
  await expectDisjointShares(() => parquetSource(files), [1, 2, 3, 5]);
});

describe('faults', () => {
  test('a column that is not there is an error that names those that are', async () => {
    await expect(keys(parquetSource([file(DATASETS)], { map: { text: 'captoin' } }))).rejects.toThrow(
      /has no column "captoin"; it has image, caption, label/,
    );
  });

  test('cut off anywhere it is a DataError that names the file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async end => {
        const error = await keys(parquetSource(inMemory(whole.subarray(0, end)))).catch(error => error);
        expect(error).toBeInstanceOf(DataError);
        expect(error.message).toMatch(/^folder\/a\.parquet: /);
      }),
      { numRuns: 40 },
    );
  });

  test('a changed byte: other values, a counted row or a typed error, never a hang', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (place, value) => {
        const copy = whole.slice();
        copy[place] = value;
        await expectTypedEnd(() => parquetSource(inMemory(copy)));
      }),
      // A schema without a column's name.
      { numRuns: 300, examples: [[17740, 67]] },
    );
  });

  test('a state of a row that is none is refused', async () => {
    const reader = parquetSource([file(DATASETS)]).read();
    const state = reader.state() as Record<string, number>;
    reader.restore({ ...state, at: 'x' });
    await expect(keys(reader)).rejects.toThrow(DataError);
  });
});
