import { Random } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayDataset, type IndexStream, shuffled, shuffledIndices } from '../src/index';
import { failing, pairs } from './fixture';

const take = (stream: IndexStream, count: number) => Array.from({ length: count }, () => stream.next());
const indices = (length: number, seed: number, weight?: (index: number) => number) =>
  shuffledIndices(length, { random: Random.fromSeed(seed), ...(weight && { weight }) });
const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);

test('every example comes once an epoch', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (length, seed) => {
      const stream = indices(length, seed);
      for (let epoch = 0; epoch < 3; epoch++)
        expect(sorted(take(stream, length))).toEqual(Array.from({ length }, (_, i) => i));
    }),
  );
});

test('each epoch has an order of its own, and none is the order of the data set', () => {
  const stream = indices(50, 3);
  const orders = Array.from({ length: 4 }, () => take(stream, 50).join());
  expect(new Set([...orders, Array.from({ length: 50 }, (_, i) => i).join()]).size).toBe(5);
});

test('every place of an epoch is as likely for every example (chi-square over 5 × 5 cells)', () => {
  const cells = new Array<number>(25).fill(0);
  const stream = indices(5, 11);
  for (let epoch = 0; epoch < 4000; epoch++)
    for (let place = 0; place < 5; place++) cells[place * 5 + stream.next()]!++;
  const chiSquare = cells.reduce((sum, cell) => sum + (cell - 800) ** 2 / 800, 0);
  expect(chiSquare).toBeLessThan(39.25); // p = 0.001 at 16 degrees of freedom
});

test('the seed decides the order', () => {
  expect(take(indices(40, 1), 100)).toEqual(take(indices(40, 1), 100));
  expect(take(indices(40, 1), 40)).not.toEqual(take(indices(40, 2), 40));
});

test('after restore(state()) come exactly the indices that would have followed, weights or none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.nat(),
      fc.nat(120),
      fc.nat(120),
      fc.boolean(),
      (length, seed, before, elsewhere, weighted) => {
        const weight = weighted ? (i: number) => 0.4 + (i % 3) : undefined;
        const stream = indices(length, seed, weight);
        take(stream, before);
        const saved = JSON.parse(JSON.stringify(stream.state()));
        const other = indices(length, seed, weight);
        take(other, elsewhere);
        other.restore(saved);
        expect(take(other, 70)).toEqual(take(stream, 70));
      },
    ),
  );
});

test('a weight is how often an example comes in an epoch, on average', () => {
  const weights = [1, 0.25, 2.5, 0];
  const stream = indices(4, 5, i => weights[i]!);
  const counts = [0, 0, 0, 0];
  const epochs = 4000;
  while ((stream.state() as { epoch: number }).epoch < epochs) counts[stream.next()]!++;
  expect(counts[0]! / epochs).toBeCloseTo(1, 2); // whole weights are no matter of chance
  expect(Math.abs(counts[1]! / epochs - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / epochs));
  expect(Math.abs(counts[2]! / epochs - 2.5)).toBeLessThan(4 * Math.sqrt((0.5 * 0.5) / epochs));
  expect(counts[3]).toBe(0);
});

test('which of the fractional examples appear is drawn anew each epoch', () => {
  const stream = indices(400, 8, () => 0.5);
  const epochs: number[][] = [[], []];
  for (;;) {
    const index = stream.next();
    const { epoch } = stream.state() as { epoch: number };
    if (epoch > 1) break;
    epochs[epoch]!.push(index);
  }
  expect(sorted(epochs[0]!)).not.toEqual(sorted(epochs[1]!));
  expect(epochs[0]!.length).toBeGreaterThan(140);
  expect(epochs[0]!.length).toBeLessThan(260);
});

test('nothing to draw from and weights that make no sense are refused', () => {
  expect(() => indices(0, 1)).toThrow('no examples to shuffle');
  expect(() => indices(3, 1, () => 0).next()).toThrow('none of 3 examples has a weight above 0');
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => indices(3, 1, i => (i === 2 ? wrong : 1))).toThrow(
      `the weight of example 2 must be a number ≥ 0`,
    );
});

test('an ExampleSource goes on from its state with the examples that would have followed', async () => {
  const source = () => shuffled(arrayDataset(pairs(7)), { random: Random.fromSeed(2) });
  const ids = async (from: AsyncIterable<{ id: string }>, count: number) => {
    const list: string[] = [];
    for await (const { id } of from) if (list.push(id) === count) return list;
    return list;
  };
  const first = source();
  await ids(first, 5);
  const saved = JSON.parse(JSON.stringify(first.state()));
  const second = source();
  second.restore(saved);
  expect(await ids(second, 16)).toEqual(await ids(first, 16));
});

test('an ExampleSource does not hide an example that cannot be read', async () => {
  const source = shuffled(
    failing(pairs(3), () => new RangeError('disk on fire')),
    { random: Random.fromSeed(2) },
  );
  await expect(source[Symbol.asyncIterator]().next()).rejects.toThrow('disk on fire');
});
