/** Faults that other loaders had in public; the thread that tells of it stands beside each. */
import { type Draw, type JsonValue, Random, type SampleOrder, type SampleSource } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { arrayDataset, datasetSource, memoryFolder, partsSource, webDatasetSource } from '../../src/index';
import { pairs } from '../fixture';
import { numbers } from './numbers';

const EPOCH = 12;
const random = Random.fromSeed(3);
const saved = (state: JsonValue) => JSON.parse(JSON.stringify(state));
const take = async (order: SampleOrder, count: number) => {
  const draws: Draw[] = [];
  while (draws.length < count) draws.push(await order.next());
  return draws;
};
const names = (draws: readonly Draw[]) => draws.map(({ sample, epoch }) => `${epoch} ${sample!.key}`);

const sources: [string, () => SampleSource][] = [
  ['parts', () => partsSource('numbers', numbers([5, 4, 3]))],
  ['a data set', () => datasetSource(arrayDataset(pairs(EPOCH)))],
];

describe.each(sources)('%s', (_, open) => {
  const order = () => open().order({ random, shuffle: 5 });
  const whole = async () => names(await take(order(), 6 * EPOCH));

  // huggingface/datasets#7447
  test('epochs after a resumed one are whole', async () => {
    const first = order();
    await take(first, 7);
    const second = order();
    second.restore([saved(first.state())]);
    const epochs = names(await take(second, 5 + 3 * EPOCH)).map(name => name.split(' ')[0]);
    expect(epochs).toEqual([0, 1, 2, 3].flatMap(epoch => Array(epoch === 0 ? 5 : EPOCH).fill(`${epoch}`)));
  });

  // Lightning-AI/litData#316 and #760
  test('the third epoch, and the second and third resume, begin at the right place', async () => {
    const drawn: string[] = [];
    let state: JsonValue | undefined;
    for (const length of [EPOCH + 3, EPOCH, 2, EPOCH + 9]) {
      const own = order();
      if (state !== undefined) own.restore([saved(state)]);
      drawn.push(...names(await take(own, length)));
      state = own.state();
    }
    expect(drawn).toEqual((await whole()).slice(0, drawn.length));
  });

  // huggingface/datasets#6673
  test('the second epoch has another order than the first, also in an order that is never opened anew', async () => {
    const keys = (await whole()).map(name => name.split(' ')[1]);
    const epochs = [0, 1, 2].map(epoch => keys.slice(epoch * EPOCH, (epoch + 1) * EPOCH).join());
    expect(new Set(epochs).size).toBe(3);
  });

  // mosaicml/streaming#437
  test('a resumed order does not begin at the beginning', async () => {
    const first = order();
    await take(first, EPOCH + 1);
    const second = order();
    second.restore([saved(first.state())]);
    expect(names(await take(second, 3))).toEqual((await whole()).slice(EPOCH + 1, EPOCH + 4));
  });

  // huggingface/accelerate#3034, where the state was that of batches made ahead
  test('records that were only drawn ahead do not count as read: the place of each draw is its own', async () => {
    const first = order();
    const ahead = await take(first, 9);
    const second = order();
    second.restore([saved(ahead[3]!.after)]);
    expect(names(await take(second, 5))).toEqual(names(ahead.slice(4)));
  });

  // meta-pytorch/data#1437
  test.each([EPOCH, 2 * EPOCH])(
    'a resume at the very end of an epoch (%s draws) begins the next',
    async end => {
      const first = order();
      await take(first, end);
      const second = order();
      second.restore([saved(first.state())]);
      expect(names(await take(second, EPOCH))).toEqual((await whole()).slice(end, end + EPOCH));
    },
  );

  test('another seed or another shuffling is an error that says so', async () => {
    const first = order();
    await take(first, 3);
    for (const other of [
      open().order({ random: Random.fromSeed(4), shuffle: 5 }),
      open().order({ random, shuffle: 6 }),
    ])
      expect(() => other.restore([saved(first.state())])).toThrow(/belongs to another order/);
  });

  test('places that do not belong together, and damaged ones, are errors', async () => {
    const place = saved(order().state());
    const shared = open().order({ random, shuffle: 5, share: { rank: 0, size: 2 } });
    expect(() => shared.restore([place, place])).toThrow(/do not belong together/);
    for (const damage of [
      null,
      7,
      {},
      { ...place, epoch: -1 },
      { ...place, rank: 'x' },
      { ...place, data: 7 },
    ])
      expect(() => order().restore([damage])).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
  });
});

describe('other data under the same name are an error', () => {
  test('of a data set: another length, or other texts', async () => {
    const place = await placeIn(datasetSource(arrayDataset(pairs(6))));
    const other = pairs(6).map(example => ({ ...example, text: `${example.text}!` }));
    for (const examples of [pairs(7), other])
      await expect(resumedIn(datasetSource(arrayDataset(examples)), place)).rejects.toThrow(
        /not the data that the saved place belongs to|not the examples/,
      );
    await resumedIn(datasetSource(arrayDataset(pairs(6))), place);
  });

  test('of parts: another number of them, and another content anywhere in the first 8', async () => {
    const place = await placeIn(partsSource('numbers', numbers([2, 2, 2])));
    for (const other of [numbers([2, 2]), numbers([2, 2, 2], { version: 2 })])
      await expect(resumedIn(partsSource('numbers', other), place)).rejects.toThrow(
        'not the data that the saved place belongs to',
      );
    await resumedIn(partsSource('numbers', numbers([2, 2, 2])), place);
  });

  test('of many shards: a size of any of them', async () => {
    const shards = (last: number) =>
      Array.from({ length: 40 }, (_, i) => [`${i}.tar`, new Uint8Array(i === 37 ? last : 1024)] as const);
    const identity = (last: number) => {
      const folder = memoryFolder(new Map(shards(last)));
      return webDatasetSource(shards(0).map(([name]) => folder.file(name))).identity();
    };
    expect(await identity(1024)).toBe(await identity(1024));
    expect(await identity(2048)).not.toBe(await identity(1024));
  });
});

async function placeIn(source: SampleSource): Promise<JsonValue> {
  const order = source.order({ random });
  await take(order, 3);
  return saved(order.state());
}

async function resumedIn(source: SampleSource, place: JsonValue): Promise<void> {
  const order = source.order({ random });
  order.restore([place]);
  await order.next();
}
