import { DataError, type PrefixLmBatch, Random, SkipLog } from '@simvlm/core';
import { expect, test } from 'vitest';
import {
  arrayDataset,
  type BatchSourceOptions,
  createBatchSource,
  pairBatches,
  prefetch,
} from '../src/index';
import { common, documents, failing, letters, pairs, plain, plainly } from './fixture';

const options = (change: Partial<BatchSourceOptions> = {}): BatchSourceOptions => ({
  ...common(),
  imageText: { dataset: arrayDataset(pairs(10)), batchSize: 4 },
  textOnly: { dataset: arrayDataset(documents(6)), batchSize: 3 },
  ...change,
});
const textOf = (batch: PrefixLmBatch, row: number) =>
  letters.decode(batch.tokens.subarray(row * batch.length, (row + 1) * batch.length));

test('each step has the stated number of pairs and of documents', async () => {
  const source = createBatchSource(options());
  for (let step = 0; step < 5; step++) {
    const [images, texts, ...more] = await source.next();
    expect(more).toEqual([]);
    expect(images).toMatchObject({ size: 4, images: { side: 2 } });
    expect(images!.ids.every(id => id.startsWith('pair-'))).toBe(true);
    expect(texts!.size).toBe(3);
    expect(texts!.images).toBeUndefined();
    expect(texts!.ids.every(id => id.startsWith('text-'))).toBe(true);
  }
});

test('a part of no rows is left out, and with none at all there is nothing to train on', async () => {
  const { textOnly, imageText } = options();
  const [only, ...more] = await createBatchSource(
    options({ textOnly: { ...textOnly!, batchSize: 0 } }),
  ).next();
  expect([only!.size, more.length]).toEqual([4, 0]);
  expect(() =>
    createBatchSource(options({ imageText: { ...imageText!, batchSize: 0 }, textOnly: undefined })),
  ).toThrow('give imageText, textOnly or both');
});

test.each([
  [{ imageText: { dataset: arrayDataset(pairs(3)), batchSize: -1 } }, '"batchSize" must be an integer ≥ 0'],
  [{ imageText: { dataset: arrayDataset(pairs(3)), batchSize: 1.5 } }, '"batchSize" must be an integer ≥ 0'],
  [
    { textOnly: { dataset: arrayDataset(pairs(3)), batchSize: 2, lengthGroups: 0 } },
    '"lengthGroups" must be an integer ≥ 1',
  ],
  [{ maxTextLength: 0 }, '"maxTextLength" must be an integer ≥ 2'],
] as const)('a number out of range is refused by its name: %j', (change, message) => {
  expect(() => createBatchSource(options(change as Partial<BatchSourceOptions>))).toThrow(message);
});

test('every pair and every document comes once an epoch, with its own text and picture', async () => {
  const source = createBatchSource(
    options({ imageText: { dataset: arrayDataset(pairs(12)), batchSize: 4 } }),
  );
  const seen: string[] = [];
  for (let step = 0; step < 3; step++) {
    const [batch] = await source.next();
    for (const [row, id] of batch!.ids.entries()) {
      const i = Number(id.slice('pair-'.length));
      seen.push(id);
      expect(textOf(batch!, row)).toBe('abcdef'.slice(0, 1 + (i % 6)));
      expect(batch!.images!.pixels[row * 12]).toBe(Math.fround(i / 127.5 - 1));
    }
  }
  expect(seen.sort()).toEqual(
    pairs(12)
      .map(({ id }) => id)
      .sort(),
  );
});

test('an epoch is one of the pairs, as often as each appears; of the documents where there are only these', () => {
  const steps = (change?: Partial<BatchSourceOptions>) => createBatchSource(options(change)).stepsPerEpoch;
  const dataset = arrayDataset(pairs(10));
  expect(steps()).toBe(3);
  expect(steps({ imageText: { dataset, batchSize: 4, weight: index => (index < 2 ? 4 : 1) } })).toBe(4);
  expect(steps({ imageText: undefined })).toBe(2);
  expect(prefetch(createBatchSource(options()), 1).stepsPerEpoch).toBe(3);
});

test('an image that a document has is left out', async () => {
  const [batch] = await createBatchSource(
    options({ imageText: undefined, textOnly: { dataset: arrayDataset(pairs(4)), batchSize: 4 } }),
  ).next();
  expect(batch!.images).toBeUndefined();
});

test('the arrays have the shapes that the batch states, and prefix lengths leave a token to predict', async () => {
  const source = createBatchSource(options());
  for (let step = 0; step < 8; step++) {
    for (const { size, length, tokens, prefixLengths, textLengths, images, ids } of await source.next()) {
      expect(tokens.length).toBe(size * length);
      expect([prefixLengths.length, textLengths.length, ids.length]).toEqual([size, size, size]);
      expect(images?.pixels.length ?? 0).toBe(images ? size * images.side ** 2 * 3 : 0);
      expect(length).toBe(Math.max(...textLengths));
      for (let b = 0; b < size; b++) {
        expect(prefixLengths[b]).toBeGreaterThanOrEqual(images ? 0 : 1);
        expect(prefixLengths[b]).toBeLessThan(textLengths[b]!);
      }
    }
  }
});

test('length groups hold the same rows, sorted, each group as wide as its own longest row', async () => {
  const dataset = arrayDataset(pairs(30));
  const whole = createBatchSource(options({ imageText: { dataset, batchSize: 10 }, textOnly: undefined }));
  const grouped = createBatchSource(
    options({ imageText: { dataset, batchSize: 10, lengthGroups: 3 }, textOnly: undefined }),
  );
  const rows = (batches: readonly PrefixLmBatch[]) =>
    batches
      .flatMap(batch =>
        batch.ids.map((id, b) =>
          [id, textOf(batch, b), batch.prefixLengths[b], batch.images!.pixels[b * 12]].join(' '),
        ),
      )
      .sort();
  let padded = 0;
  let without = 0;
  for (let step = 0; step < 4; step++) {
    const [one, groups] = [await whole.next(), await grouped.next()];
    expect(groups.map(({ size }) => size)).toEqual([4, 4, 2]);
    expect(rows(groups)).toEqual(rows(one));
    for (const { length, textLengths } of groups) expect(length).toBe(Math.max(...textLengths));
    const lengths = groups.flatMap(({ textLengths }) => [...textLengths]);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    padded += groups.reduce((sum, { tokens }) => sum + tokens.length, 0);
    without += one[0]!.tokens.length;
  }
  expect(padded).toBeLessThan(without);
});

test('more length groups than rows make one batch a row, and no empty one', async () => {
  const source = createBatchSource(
    options({
      imageText: { dataset: arrayDataset(pairs(9)), batchSize: 3, lengthGroups: 8 },
      textOnly: undefined,
    }),
  );
  expect((await source.next()).map(({ size }) => size)).toEqual([1, 1, 1]);
});

test('the seed decides every batch', async () => {
  const [a, b, other] = [options(), options(), options({ random: Random.fromSeed(2) })].map(
    createBatchSource,
  );
  for (let step = 0; step < 4; step++) {
    const expected = plainly(await a!.next());
    expect(plainly(await b!.next())).toBe(expected);
    expect(plainly(await other!.next())).not.toBe(expected);
  }
});

test('each row and step has a stream of its own for prefix and image, however much is drawn from it', async () => {
  const drawn: string[] = [];
  const run = async (greedy: boolean) => {
    drawn.length = 0;
    const source = createBatchSource(
      options({
        transform: (_, random) => {
          const first = random.uint32();
          if (greedy) for (let i = 0; i < 100; i++) random.uint32();
          drawn.push(`${first}`);
          return plain(2, first % 256);
        },
      }),
    );
    const steps = [plainly(await source.next()), plainly(await source.next()), plainly(await source.next())];
    return { steps, draws: [...drawn] };
  };
  const frugal = await run(false);
  expect((await run(true)).steps).toEqual(frugal.steps);
  expect(new Set(frugal.draws).size).toBe(12);
});

test('a text that is too long is cut, and its end token stays', async () => {
  const source = createBatchSource(
    options({
      maxTextLength: 5,
      imageText: {
        dataset: arrayDataset([{ id: 'long', text: 'abcdefghij', image: plain(2) }]),
        batchSize: 1,
      },
      textOnly: undefined,
    }),
  );
  const [batch] = await source.next();
  expect([...batch!.tokens]).toEqual([...letters.encode('abcd'), letters.special.eos]);
});

test('validation batches are all pairs in order, the same at each call; what cannot be used is noted', async () => {
  const dataset = failing(pairs(7), index =>
    index === 2 ? new DataError('DATA_INVALID', 'torn') : undefined,
  );
  const skipped = new SkipLog();
  const rest = { ...common(), dataset, batchSize: 4 };
  const all = async (seed: number, log = new SkipLog()) => {
    const batches: PrefixLmBatch[] = [];
    for await (const parts of pairBatches({ ...rest, random: Random.fromSeed(seed), skipped: log }))
      batches.push(...parts);
    return batches;
  };
  const batches = await all(1, skipped);
  expect(batches.flatMap(({ ids }) => ids)).toEqual([0, 1, 3, 4, 5, 6].map(i => `pair-${i}`));
  expect(batches.map(({ size }) => size)).toEqual([4, 2]);
  expect(plainly(await all(1))).toEqual(plainly(batches));
  expect(plainly(await all(2))).not.toEqual(plainly(batches));
  expect(skipped.report()).toEqual({ count: 1, draws: 1, reasons: ['example 2: torn'] });
});

test.each<[number, Partial<BatchSourceOptions>]>([
  [3, {}],
  [2, { imageText: undefined as never }],
  // 2.5 draws of each of 10 pairs.
  [7, { imageText: { dataset: arrayDataset(pairs(10)), batchSize: 4, weight: () => 2.5 } }],
])('%i steps make an epoch of the pairs, or of the documents where these are alone', (steps, change) => {
  const source = createBatchSource(options(change));
  expect(source.stepsPerEpoch).toBe(steps);
  expect(prefetch(source, 2).stepsPerEpoch).toBe(steps);
});
