import { Random, type Sample } from '@simvlm/core';
import { drawSamples, firstSamples } from '@simvlm/data/node';
import { expect, test } from 'vitest';
import { readerOf } from './fixture';

const samples = Array.from({ length: 20 }, (_, i): Sample => ({ key: `${i}`, images: [], text: 'a' }));
const keys = (list: readonly Sample[]) => list.map(({ key }) => Number(key));

test('each sample is as likely, and those drawn are in the order of the data', async () => {
  const times = new Array<number>(20).fill(0);
  for (let seed = 0; seed < 4000; seed++) {
    const { samples: drawn, total } = await drawSamples(readerOf(samples), 5, Random.fromSeed(seed));
    expect([drawn.length, total]).toEqual([5, 20]);
    expect(keys(drawn)).toEqual(keys(drawn).toSorted((a, b) => a - b));
    for (const key of new Set(keys(drawn))) times[key]!++;
  }
  // 1,000 each, with a standard deviation of 27: five of them.
  for (const count of times) expect(Math.abs(count - 1000)).toBeLessThan(137);
});

test('all are there when there are fewer, and the first are read without the rest', async () => {
  expect(keys((await drawSamples(readerOf(samples), 100, Random.fromSeed(1))).samples)).toEqual(
    keys(samples),
  );
  const reader = readerOf(samples);
  expect(keys(await firstSamples(reader, 3))).toEqual([0, 1, 2]);
  expect(reader.state()).toBe(3);
});
