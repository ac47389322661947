import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random, Registry, type Sample, type SampleSource } from '@simvlm/core';
import { convertToShards } from '@simvlm/data/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Candidate } from '../src/catalog';
import { iconSource, iconsPlugin } from '../src/index';
import { IconReader } from '../src/reader';
import { drawing, testFolder } from './fixture';

const folder = testFolder();
const shards = join(folder.path, 'shards');
const COLOURED = 100;
const MONOCHROME = 400;
beforeAll(async () => {
  const candidates = Array.from({ length: COLOURED + MONOCHROME }, (_, i): Candidate => {
    const body = drawing(`icon ${i}`);
    const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${body}</svg>`);
    return {
      ...{ key: `set/icon-${i}`, set: 'set', licence: 'MIT' },
      captions: [`icon ${i}`],
      coloured: i < COLOURED,
      svg,
    };
  });
  const reader = new IconReader(candidates, { size: 16, workers: 4, pictureRule: () => undefined });
  await convertToShards(reader, { folder: shards, settings: {}, limit: { samples: 64 } });
  expect(reader.counts).toEqual({ coloured: COLOURED, monochrome: MONOCHROME, leftOut: {} });
  writeFileSync(join(shards, 'report.json'), JSON.stringify(reader.counts));
});
afterAll(folder.remove);

async function samplesOf(source: SampleSource): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of source.read()) samples.push(sample);
  return samples;
}

async function keys(options: Omit<Parameters<typeof iconSource>[0], 'shards'>): Promise<string[]> {
  return (await samplesOf(iconSource({ shards, ...options }))).map(({ key }) => key);
}

test('every icon is in one split, and few are for validation', async () => {
  const [train, val] = [await keys({}), await keys({ split: 'val' })];
  expect(new Set([...train, ...val]).size).toBe(COLOURED + MONOCHROME);
  expect(train.length + val.length).toBe(COLOURED + MONOCHROME);
  expect(val.length).toBeGreaterThan(0);
  expect(val.length).toBeLessThan(0.06 * (COLOURED + MONOCHROME));
});

test('one kind alone, and both are all', async () => {
  const coloured = await samplesOf(iconSource({ shards, coloured: true }));
  const monochrome = await samplesOf(iconSource({ shards, coloured: false }));
  expect(new Set(coloured.map(({ fields }) => fields?.coloured))).toEqual(new Set([true]));
  expect(new Set(monochrome.map(({ fields }) => fields?.coloured))).toEqual(new Set([false]));
  expect([...coloured, ...monochrome].map(({ key }) => key)).toEqual(await keys({}));
});

test('a smaller share is a part of each larger one, of both kinds alike', async () => {
  const shares = await Promise.all([0.01, 0.1, 0.5, 1].map(share => keys({ share })));
  for (const [i, smaller] of shares.slice(0, -1).entries())
    expect(smaller.filter(key => !shares[i + 1]!.includes(key))).toEqual([]);
  const some = [...(await keys({ share: 0.1 })), ...(await keys({ share: 0.1, split: 'val' }))];
  expect(some).toHaveLength(50);
  const ofColoured = await Promise.all(
    (['train', 'val'] as const).map(split => keys({ share: 0.1, coloured: true, split })),
  );
  expect(ofColoured.flat()).toHaveLength(10);
});

test('a share is trained on alone, in another order each epoch', async () => {
  const source = iconSource({ shards, share: 0.1 });
  const wanted = await source.count();
  const order = source.order({ random: Random.fromSeed(1) });
  const epochs: string[][] = [[], []];
  for (;;) {
    const { sample, epoch } = await order.next();
    if (epoch === 2) break;
    if (sample) epochs[epoch]!.push(sample.key);
  }
  order.close?.();
  expect(epochs[0]).not.toEqual(epochs[1]);
  for (const epoch of epochs) expect(epoch.toSorted()).toEqual((await keys({ share: 0.1 })).toSorted());
  expect(wanted).toBe(epochs[0]!.length);
});

test('is registered by its name, and refuses what it does not know', async () => {
  const registry = new Registry().use(iconsPlugin);
  const open = registry.get('source', 'icons');
  expect(await samplesOf((await open({ shards, coloured: true })) as SampleSource)).not.toHaveLength(0);
  await expect(open({ shards, share: 0 })).rejects.toThrow('"share" must be a number above 0, up to 1');
  await expect(open({ shards, colored: true })).rejects.toThrow('unknown key "colored"');
  await expect(open({})).rejects.toThrow('"shards" is missing');
  await expect(open({ shards: folder.path })).rejects.toThrow('holds no prepared icons');
});
