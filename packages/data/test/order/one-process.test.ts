import { DataError, type Draw, ImageError, Random, type SampleSource } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { arrayDataset, datasetSource, filteredSource, partsSource } from '../../src/index';
import { pairs } from '../fixture';
import { numbers } from './numbers';

const random = Random.fromSeed(4);
const take = async (order: { next(): Promise<Draw> }, count: number) => {
  const draws: Draw[] = [];
  while (draws.length < count) draws.push(await order.next());
  return draws;
};
const keysOf = (draws: readonly Draw[]) => draws.map(({ sample }) => sample?.key);
const sorted = (keys: readonly (string | undefined)[]) => [...keys].sort();

const sources: [string, () => SampleSource][] = [
  ['parts', () => partsSource('numbers', numbers([7, 1, 0, 12]))],
  ['a data set', () => datasetSource(arrayDataset(pairs(20)))],
];

describe.each(sources)('an order of %s', (_, open) => {
  test('has every record once an epoch, in an order of its own', async () => {
    const draws = await take(open().order({ random }), 60);
    const epochs = [0, 1, 2].map(epoch => draws.filter(draw => draw.epoch === epoch).map(d => d.sample!.key));
    const stored = (await take(open().order({ random, shuffle: false }), 20)).map(draw => draw.sample!.key);
    for (const epoch of epochs) expect(sorted(epoch)).toEqual(sorted(stored));
    expect(new Set([...epochs, stored].map(String)).size).toBe(4);
    expect(await open().count()).toBe(20);
  });

  test('depends on the seed alone', async () => {
    const drawn = async (seed: number) =>
      keysOf(await take(open().order({ random: Random.fromSeed(seed) }), 45));
    expect(await drawn(1)).toEqual(await drawn(1));
    expect(await drawn(1)).not.toEqual(await drawn(2));
  });

  test.each([undefined, false, 1, 4, 6] as const)('goes on behind any draw, shuffle: %s', async shuffle => {
    const whole = await take(open().order({ random, shuffle }), 50);
    for (let point = 0; point < 44; point++) {
      const order = open().order({ random, shuffle });
      const before = order.state();
      order.restore([JSON.parse(JSON.stringify(point === 0 ? before : whole[point - 1]!.after))]);
      expect(order.state()).toEqual(point === 0 ? before : whole[point - 1]!.after);
      const rest = await take(order, 6);
      expect(rest).toMatchObject(whole.slice(point, point + 6).map(({ epoch, after }) => ({ epoch, after })));
      expect(keysOf(rest)).toEqual(keysOf(whole.slice(point, point + 6)));
    }
  });
});

test('a record that cannot be used is a draw with its problem', async () => {
  const broken = { length: 3, get: (i: number) => (i === 1 ? fail() : pairs(3)[i]!) };
  const fail = () => {
    throw new ImageError('IMAGE_UNREADABLE', 'broken');
  };
  const draws = await take(datasetSource(broken).order({ random, shuffle: false }), 4);
  expect(draws.map(({ problem, sample }) => problem?.message ?? sample!.key)).toEqual([
    'pair-0',
    'broken',
    'pair-2',
    'pair-0',
  ]);
  const parts = partsSource('numbers', numbers([3], { broken: 1 }));
  const [, second] = await take(parts.order({ random, shuffle: false }), 2);
  expect(second!.problem).toBeInstanceOf(DataError);
});

test('an example of weight 2 comes twice an epoch, as two copies', async () => {
  const source = datasetSource(arrayDataset(pairs(3)), { weight: i => (i === 2 ? 2 : 1) });
  const draws = await take(source.order({ random }), 8);
  expect(await source.count()).toBe(4);
  for (const epoch of [0, 1]) {
    const own = draws.filter(draw => draw.epoch === epoch);
    expect(sorted(own.map(({ sample, copy }) => `${sample!.key} ${copy}`))).toEqual([
      'pair-0 0',
      'pair-1 0',
      'pair-2 0',
      'pair-2 1',
    ]);
  }
});

test('what is filtered out comes as a draw without sample and problem, and is not counted', async () => {
  const source = filteredSource(partsSource('numbers', numbers([5])), ({ key }) => key !== '0:3');
  const draws = await take(source.order({ random, shuffle: false }), 5);
  expect(keysOf(draws)).toEqual(['0:0', '0:1', '0:2', undefined, '0:4']);
  expect(await source.count()).toBe(4);
});

test('fields of an example are members of its sample, and nothing is lost', async () => {
  const fields = { question: 'How many?', answer: ['2', 'two'], label: 3, page: 4 };
  const source = datasetSource(arrayDataset([{ id: 'a', text: 't', fields }]));
  const [{ sample }] = (await take(source.order({ random }), 1)) as [Draw];
  expect(sample).toEqual({
    key: 'a',
    images: [],
    text: 't',
    question: 'How many?',
    answers: ['2', 'two'],
    label: 3,
    fields,
  });
});

test('nothing to draw from is an error, not a hang', async () => {
  await expect(datasetSource(arrayDataset([])).order({ random }).next()).rejects.toMatchObject({
    code: 'DATA_NOT_FOUND',
  });
  const empty = partsSource('numbers', numbers([0, 0]));
  await expect(empty.order({ random }).next()).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' });
  const none = datasetSource(arrayDataset(pairs(3)), { weight: () => 0 });
  await expect(none.order({ random }).next()).rejects.toThrow(/weight above 0/);
});
