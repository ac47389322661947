import { DataError, type ExampleStream, Random } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exampleStream, mixture } from '../../src/index';
import { countingSource, sampleOf } from './counting-source';

function stream(name: string, count: number, share = { rank: 0, size: 1 }): ExampleStream {
  const record = (index: number) => ({ sample: sampleOf(index, { key: `${name}${index}` }) });
  return exampleStream({
    source: countingSource({ count, record }),
    ...{ random: Random.fromSeed(1).fork(name), length: count, identity: `${name} ${count}`, share },
  });
}

const ids = async (of: ExampleStream, count: number) => {
  const list: string[] = [];
  for (let i = 0; i < count; i++) list.push((await of.next()).example.id);
  return list;
};

test('each source has its share of the examples at every moment, within two examples, in its own order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1, maxLength: 4 }),
      async weights => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const mixed = mixture(weights.map((weight, i) => ({ weight, stream: stream('abcd'[i]!, 5) })));
        const counts = weights.map(() => 0);
        for (let drawn = 1; drawn <= 60; drawn++) {
          const [id] = await ids(mixed, 1);
          const from = 'abcd'.indexOf(id![0]!);
          expect(id!.slice(1)).toBe(`${counts[from]!++ % 5}`);
          for (const [i, weight] of weights.entries())
            expect(Math.abs(counts[i]! - (drawn * weight) / total)).toBeLessThan(2);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('an epoch is as long as those of all sources; unknown where one is', () => {
  const of = (second: ExampleStream) =>
    mixture([
      { stream: stream('a', 3), weight: 1 },
      { stream: second, weight: 2 },
    ]);
  expect(of(stream('b', 4))).toMatchObject({ length: 7, identity: 'a 3\nb 4' });
  const { length: _, ...endless } = stream('b', 4);
  expect(of(endless).length).toBeUndefined();
});

test('after restore(state()) come exactly the examples that would have followed', async () => {
  const make = () =>
    mixture([
      { stream: stream('a', 7), weight: 3 },
      { stream: stream('b', 3), weight: 1 },
    ]);
  const all = await ids(make(), 60);
  for (let before = 0; before < 20; before++) {
    const first = make();
    await ids(first, before);
    const second = make();
    await ids(second, 5);
    second.restore([JSON.parse(JSON.stringify(first.state()))]);
    expect(second.state()).toEqual(first.state());
    expect(await ids(second, 30)).toEqual(all.slice(before, before + 30));
  }
});

test('an example that is refused is replaced by one of the same source, and counted there', async () => {
  const mixed = mixture([
    { stream: stream('a', 9), weight: 2 },
    { stream: stream('b', 9), weight: 1 },
  ]);
  expect(await ids(mixed, 2)).toEqual(['a0', 'b0']);
  mixed.refuse(new DataError('CAPTION_EMPTY', 'the caption is empty'));
  expect(await ids(mixed, 2)).toEqual(['b1', 'a1']);
  expect(mixed.skipped()).toMatchObject({ count: 1, reasons: ['example b0: the caption is empty'] });
});

test('with as many processes as before each goes on with its own counts', async () => {
  const of = (rank: number) =>
    mixture([
      { stream: stream('a', 8, { rank, size: 2 }), weight: 1 },
      { stream: stream('b', 8, { rank, size: 2 }), weight: 1 },
    ]);
  const processes = [of(0), of(1)];
  await ids(processes[0]!, 3);
  await ids(processes[1]!, 2);
  const states = processes.map(each => each.state());
  const following = await Promise.all(processes.map(each => ids(each, 4)));
  for (const rank of [0, 1]) {
    const again = of(rank);
    again.restore(states);
    expect(await ids(again, 4)).toEqual(following[rank]);
  }
});

test('processes that run in step draw from all sources in each step, by their weights', async () => {
  const size = 4;
  for (const weights of [
    [1, 1],
    [3, 1],
  ]) {
    const processes = Array.from({ length: size }, (_, rank) =>
      mixture(weights.map((weight, i) => ({ weight, stream: stream('ab'[i]!, 40, { rank, size }) }))),
    );
    for (let step = 0; step < 12; step++) {
      const drawn = (await Promise.all(processes.map(each => ids(each, 1)))).flat();
      const share = weights[0]! / (weights[0]! + weights[1]!);
      expect(drawn.filter(id => id.startsWith('a'))).toHaveLength(share * size);
    }
  }
});

test('what cannot be mixed is refused, and so is the place of another mixture', () => {
  const part = { stream: stream('a', 3), weight: 1 };
  expect(() => mixture([])).toThrow('give one stream or more');
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => mixture([{ ...part, weight }])).toThrow('a weight must be above 0');
  expect(() => mixture([part, { stream: stream('b', 3, { rank: 1, size: 2 }), weight: 1 }])).toThrow(
    'the same share',
  );
  expect(() => mixture([part, part]).restore([mixture([part]).state()])).toThrow(
    '"data.mixture.counts" must be a list of 2, got [0]',
  );
});
