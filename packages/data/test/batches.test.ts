import { DataError, type Objective, type PrefixLmBatch, Random, SkipLog } from '@simvlm/core';
import { expect, test } from 'vitest';
import {
  type BatchSourceOptions,
  captionPrefix,
  createBatchSource,
  mixture,
  pairBatches,
  prefetch,
} from '../src/index';
import {
  common,
  documents,
  failing,
  letters,
  pairStream,
  pairs,
  plain,
  plainly,
  textStream,
} from './fixture';

const options = (change: Partial<BatchSourceOptions> = {}): BatchSourceOptions => ({
  ...common,
  imageText: { stream: pairStream(pairs(10)), batchSize: 4 },
  textOnly: { stream: textStream(documents(6)), batchSize: 3 },
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
  [{ imageText: { stream: pairStream(pairs(3)), batchSize: -1 } }, '"batchSize" must be an integer ≥ 0'],
  [{ imageText: { stream: pairStream(pairs(3)), batchSize: 1.5 } }, '"batchSize" must be an integer ≥ 0'],
  [
    { textOnly: { stream: pairStream(pairs(3)), batchSize: 2, lengthGroups: 0 } },
    '"lengthGroups" must be an integer ≥ 1',
  ],
  [{ maxTextLength: 0 }, '"maxTextLength" must be an integer ≥ 2'],
] as const)('a number out of range is refused by its name: %j', (change, message) => {
  expect(() => createBatchSource(options(change as Partial<BatchSourceOptions>))).toThrow(message);
});

test('every pair and every document comes once an epoch, with its own text and picture', async () => {
  const source = createBatchSource(options({ imageText: { stream: pairStream(pairs(12)), batchSize: 4 } }));
  const seen: string[] = [];
  for (let step = 0; step < 3; step++) {
    const [batch] = await source.next();
    for (const [row, id] of batch!.ids.entries()) {
      const i = Number(id.slice('pair-'.length));
      seen.push(id);
      expect(textOf(batch!, row)).toBe('abcdef'.slice(0, 1 + (i % 6)));
      expect(batch!.images!.pixels[row * 12]).toBe(i);
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
  const stream = pairStream(pairs(10), { weight: index => (index < 2 ? 4 : 1) });
  expect(steps()).toBe(3);
  expect(steps({ imageText: { stream, batchSize: 4 } })).toBe(4);
  expect(steps({ imageText: undefined })).toBe(2);
  expect(prefetch(createBatchSource(options()), 1).stepsPerEpoch).toBe(3);
});

test('an image that a document has is left out', async () => {
  const [batch] = await createBatchSource(
    options({ imageText: undefined, textOnly: { stream: textStream(pairs(4)), batchSize: 4 } }),
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
  const part = () => ({ stream: pairStream(pairs(30)), batchSize: 10 });
  const whole = createBatchSource(options({ imageText: part(), textOnly: undefined }));
  const grouped = createBatchSource(
    options({ imageText: { ...part(), lengthGroups: 3 }, textOnly: undefined }),
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
      imageText: { stream: pairStream(pairs(9)), batchSize: 3, lengthGroups: 8 },
      textOnly: undefined,
    }),
  );
  expect((await source.next()).map(({ size }) => size)).toEqual([1, 1, 1]);
});

test('the seed decides every batch', async () => {
  const of = (seed: number) =>
    createBatchSource(options({ imageText: { stream: pairStream(pairs(10), { seed }), batchSize: 4 } }));
  const [a, b, other] = [of(1), of(1), of(2)];
  for (let step = 0; step < 4; step++) {
    const expected = plainly(await a.next());
    expect(plainly(await b.next())).toBe(expected);
    expect(plainly(await other.next())).not.toBe(expected);
  }
});

test('an example is learnt by its own objective, where it brings one', async () => {
  const objective: Objective = (_, { tokens }) => ({ tokens: tokens.slice(-1), prefixLength: 0 });
  const stream = mixture([
    { stream: pairStream(pairs(6), { objective }), weight: 1 },
    { stream: pairStream(pairs(6), { seed: 2 }), weight: 1 },
  ]);
  const [batch] = await createBatchSource(
    options({ imageText: { stream, batchSize: 6 }, prefix: captionPrefix, textOnly: undefined }),
  ).next();
  const whole = batch!.ids.map(id => 2 + (Number(id.slice(5)) % 6));
  expect([...batch!.textLengths]).toEqual(whole.map((length, row) => (row % 2 === 0 ? 1 : length)));
});

test('a text that is too long is cut, and its end token stays', async () => {
  const source = createBatchSource(
    options({
      maxTextLength: 5,
      imageText: {
        stream: pairStream([{ id: 'long', text: 'abcdefghij', image: plain(2) }]),
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
  const rest = { ...common, dataset, batchSize: 4 };
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
  [7, { imageText: { stream: pairStream(pairs(10), { weight: () => 2.5 }), batchSize: 4 } }],
])('%i steps make an epoch of the pairs, or of the documents where these are alone', (steps, change) => {
  const source = createBatchSource(options(change));
  expect(source.stepsPerEpoch).toBe(steps);
  expect(prefetch(source, 2).stepsPerEpoch).toBe(steps);
});
