import { Random, type SampleSource } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exampleStream, filteredSource, partsSource, type SourcePart } from '../../src/index';
import { countOf, type Places, slices, union } from '../../src/order/intervals';
import { stripesOf } from '../../src/order/stripes';
import { Group } from './group';
import { numbers } from './numbers';

const random = Random.fromSeed(6);

/** What each process has of places. */
function dealt(places: Places, size: number, grain: number, epoch = 0): Places[] {
  return Array.from({ length: size }, (_, rank) =>
    stripesOf(places, { rank, size }, { grain: () => grain, random, epoch }),
  );
}

test('stripes are disjoint, together all places, and of equal length, to one', () => {
  const gapped = fc
    .array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 90 })), { minLength: 1, maxLength: 12 })
    .map(lengths => {
      let end = 0;
      return union([lengths.map(([gap, length]) => [end + gap, (end += gap + length)] as const)]);
    });
  const grains = fc.constantFrom(1, 3, 64, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(gapped, fc.integer({ min: 1, max: 5 }), grains, fc.nat(3), (places, size, grain, epoch) => {
      const shares = dealt(places, size, grain, epoch);
      expect(union(shares)).toEqual(places);
      const lengths = shares.map(countOf);
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(countOf(places));
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      for (const share of shares) expect(union([share])).toEqual(share);
    }),
    { numRuns: 300 },
  );
});

test('of any stretch each process has its share, to two blocks', () => {
  for (const size of [2, 3, 8])
    for (const share of dealt([[0, 100_000]], size, 64))
      for (const begin of [0, 777, 51_234]) {
        const there = countOf(slices([[0, 100_000]], share.map(cut(begin, begin + 10_000)).filter(isSome)));
        expect(Math.abs(there - 10_000 / size)).toBeLessThanOrEqual(2 * 64);
      }
});

function cut(begin: number, end: number) {
  return ([from, to]: readonly [number, number]) =>
    [Math.max(from, begin), Math.max(begin, Math.min(to, end))] as const;
}

function isSome([from, to]: readonly [number, number]): boolean {
  return from < to;
}

test('of a single part a process has every record within as many epochs as there are processes', () => {
  const epochs = [4, 5, 6].map(epoch => dealt([[0, 3_000]], 3, 64, epoch)[1]!);
  expect(union(epochs)).toEqual([[0, 3_000]]);
});

test('a run of billions of records is a short list', () => {
  expect(dealt([[0, 4e9]], 2, 1)[0]!.length).toBeLessThanOrEqual(2 ** 17);
  expect(dealt([[0, 4e9]], 2, Number.POSITIVE_INFINITY)[0]!.length).toBeLessThanOrEqual(17);
});

const listed = (part: SourcePart): SourcePart => ({ ...part, kind: async () => 'listed' });
const atFront = (source: SampleSource, count: number) =>
  filteredSource(source, ({ text }) => Number(text) < count);

test.each([
  [
    'a list, pictures first and documents behind',
    atFront(partsSource('list', numbers([400]).map(listed)), 40),
  ],
  ['one table', atFront(partsSource('table', numbers([3_000])), 600)],
  [
    'a few shards, each with another split behind',
    atFront(partsSource('tar', numbers([900, 900, 900])), 300),
  ],
])('%s: what is left out leaves each process its share', async (_, source) => {
  const whole = await source.count();
  for (const size of [2, 3]) {
    const counts = await Promise.all(
      Array.from({ length: size }, async (_, rank) => {
        const order = source.order({ random, share: { rank, size } });
        for (let count = 0; ; ) {
          const { sample, epoch } = await order.next();
          if (epoch > 0) return count;
          if (sample) count++;
        }
      }),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(whole);
    for (const count of counts) expect(Math.abs(count - whole / size)).toBeLessThan(0.35 * (whole / size));
  }
});

test('a single record of a table comes to each process sooner or later', async () => {
  const source = atFront(partsSource('table', numbers([400])), 1);
  for (const rank of [0, 1, 2, 3, 4]) {
    const stream = exampleStream({ source, random, share: { rank, size: 5 } });
    expect((await stream.next()).example.id).toBe('0:0');
    await stream.close?.();
  }
});

test('a part that can be read from any record on is not read where others read', async () => {
  const read = [0, 0];
  const sources = read.map((_, rank) => {
    const onRead = () => void read[rank]!++;
    return partsSource('placed', numbers([20_000], { isPlaced: true, isCounted: true, onRead }));
  });
  for (const [rank, source] of sources.entries()) {
    const order = source.order({ random, share: { rank, size: 2 }, shuffle: 100 });
    for (let i = 0; i < 10_000; i++) expect((await order.next()).epoch).toBe(0);
    order.close?.();
    expect(read[rank]).toBeLessThan(10_500);
  }
});

test('the same, ended and begun again with as many processes and with others', async () => {
  const source = () => partsSource('placed', numbers([6_000, 5_000], { isPlaced: true, isCounted: true }));
  let group = new Group(source(), 2, 50);
  await group.draw(0, 1_234);
  await group.draw(1, 2_777);
  for (const size of [2, 3, 3, 1]) {
    group = new Group(source(), size, 50, group);
    for (let rank = 0; rank < size; rank++) await group.draw(rank, 431);
  }
  await group.finish(0);
  expect(group.epochs[0]!.length).toBe(11_000);
  expect(new Set(group.epochs[0]).size).toBe(11_000);
});
