import { DataError, type Example, type ExampleDataset, type JsonValue } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBatchSource, prefetch } from '../src/index';
import { common, documents, failing, pairStream, pairs, plainly, textStream } from './fixture';

function batches(seed: number, dataset: readonly Example[] | ExampleDataset = pairs(7)) {
  const pictures = { transform: { size: 2, augment: 'drawing' } } as const;
  return createBatchSource({
    ...common,
    imageText: {
      stream: pairStream(dataset, { seed, pictures, weight: i => 0.6 + (i % 2), skipLimit: 1 }),
      ...{ batchSize: 3, lengthGroups: 2 },
    },
    textOnly: { stream: textStream(documents(5), seed), batchSize: 2 },
  });
}

test('after restore(state()) come exactly the batches that would have followed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(9), fc.nat(9), async (seed, before, elsewhere) => {
      const source = batches(seed);
      for (let i = 0; i < before; i++) await source.next();
      const saved = JSON.parse(JSON.stringify(source.state()));
      const other = batches(seed);
      for (let i = 0; i < elsewhere; i++) await other.next();
      other.restore([saved]);
      expect(other.state()).toEqual(saved);
      for (let i = 0; i < 6; i++) expect(plainly(await other.next())).toBe(plainly(await source.next()));
    }),
    { numRuns: 40 },
  );
});

test('prefetching changes no batch, and its state is that of the batch returned last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      fc.nat(8),
      fc.nat(8),
      async (depth, otherDepth, before, elsewhere) => {
        const [bare, ahead] = [batches(5), prefetch(batches(5), depth)];
        for (let i = 0; i < before; i++) expect(plainly(await ahead.next())).toBe(plainly(await bare.next()));
        const saved = JSON.parse(JSON.stringify(ahead.state()));
        expect(saved).toEqual(bare.state());
        const other = prefetch(batches(5), otherDepth);
        for (let i = 0; i < elsewhere; i++) await other.next();
        other.restore([saved]);
        expect(other.state()).toEqual(saved);
        for (let i = 0; i < 6; i++) expect(plainly(await other.next())).toBe(plainly(await bare.next()));
      },
    ),
    { numRuns: 60 },
  );
});

test('over a resumed run a sample is reported once, and every draw of it counted', async () => {
  const broken = () =>
    failing(pairs(7), i => (i === 4 ? new DataError('DATA_INVALID', 'no such line') : undefined));
  const whole = batches(3, broken());
  for (let i = 0; i < 12; i++) await whole.next();
  const first = prefetch(batches(3, broken()), 3);
  for (let i = 0; i < 6; i++) await first.next();
  const second = prefetch(batches(3, broken()), 2);
  second.restore([first.state()]);
  expect(second.skipped()).toEqual(first.skipped());
  for (let i = 0; i < 6; i++) await second.next();
  expect(second.skipped()).toEqual(whole.skipped());
  expect(second.skipped()).toMatchObject({ count: 1, reasons: ['no such line'] });
  expect(second.skipped().draws).toBeGreaterThan(1);
});

test('the position of other data is refused at once, prefetched or not', () => {
  const textOnly = createBatchSource({
    ...common,
    textOnly: { stream: textStream(documents(5)), batchSize: 2 },
  });
  expect(() => batches(1).restore([textOnly.state()])).toThrow('the saved data position is of other data');
  expect(() => prefetch(batches(1), 2).restore([textOnly.state()])).toThrow(
    'the saved data position is of other data',
  );
});

const usage = { drawn: 0, epoch: 0, used: 0, inARow: 0, skipped: { draws: 0, samples: [], reasons: [] } };

test.each([
  ['nothing at all', () => null, /"data" must be an object, got null/],
  ['a list', () => [], /"data" must be an object, got \[\]/],
  ['no step', saved => ({ ...saved, step: undefined }), /"data\.step" must be an integer ≥ 0, got nothing/],
  ['a step that is text', saved => ({ ...saved, step: '2' }), /"data\.step" must be an integer ≥ 0, got "2"/],
  ['no streams', saved => ({ ...saved, streams: null }), /"data\.streams" must be a list, got null/],
  [
    'a stream that is none',
    saved => ({ ...saved, streams: [3, 4] }),
    /"data\.stream" must be an object, got 3/,
  ],
  [
    'a place of an earlier version',
    saved => ({
      ...saved,
      streams: [
        { epoch: 1, position: 0 },
        { epoch: 0, position: 1 },
      ],
    }),
    /"data\.stream\.usage" must be an object, got nothing/,
  ],
  [
    'skipped samples as a number',
    saved => withUsage(saved, { ...usage, skipped: 3 }),
    /"data\.usage\.skipped" must be an object, got 3/,
  ],
  [
    'reasons that are no texts',
    saved => withUsage(saved, { ...usage, skipped: { draws: 1, samples: ['pair 1'], reasons: [1] } }),
    /"data\.skipped" must have draws, samples and reasons/,
  ],
] satisfies [string, (saved: Saved) => unknown, RegExp][])(
  'a saved position with %s is a DataError that names the key',
  async (_, change, message) => {
    for (const source of [batches(1), prefetch(batches(1), 2)]) {
      await source.next();
      const saved = source.state() as Saved;
      await source.next();
      const restore = () => source.restore([change(saved) as never]);
      expect(restore).toThrow(DataError);
      expect(restore).toThrow(message);
      source.restore([saved]);
      expect(source.state()).toEqual(saved);
    }
  },
);

interface Saved {
  readonly [key: string]: JsonValue;
  readonly streams: { readonly [key: string]: JsonValue }[];
}

function withUsage(saved: Saved, changed: JsonValue) {
  return { ...saved, streams: saved.streams.map(stream => ({ ...stream, usage: changed })) };
}
