import { DataError, type Example, ImageError } from '@simvlm/core';
import { expect, test } from 'vitest';
import { createBatchSource, type ExampleStreamOptions } from '../src/index';
import { common, documents, failing, pairStream, pairs, plain, textStream } from './fixture';

const unreadable = new ImageError('IMAGE_UNREADABLE', 'cannot decode b.png');
const source = (
  dataset: Parameters<typeof pairStream>[0],
  batchSize: number,
  options: Partial<ExampleStreamOptions> & { seed?: number } = {},
) => createBatchSource({ ...common, imageText: { stream: pairStream(dataset, options), batchSize } });

test('an unreadable image is replaced by the next example, counted and reported with its reason', async () => {
  const batches = source(
    failing(pairs(6), i => (i === 2 ? unreadable : undefined)),
    5,
  );
  const ids: string[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const [batch] = await batches.next();
    expect(batch!.size).toBe(5);
    ids.push(...batch!.ids);
  }
  expect(ids).not.toContain('pair-2');
  expect(new Set(ids).size).toBe(5);
  const { count, draws, reasons } = batches.skipped();
  expect(draws).toBeGreaterThanOrEqual(2);
  expect([count, reasons]).toEqual([1, ['cannot decode b.png']]);
});

test('an empty caption, a picture that is none and a missing one are skipped as well, each once', async () => {
  const examples: Example[] = [
    { id: 'good', text: 'ab', image: plain(2) },
    { id: 'empty', text: ' \n', image: plain(2) },
    { id: 'none', text: 'cd', image: { width: 0, height: 2, data: new Uint8Array(0) } },
    { id: 'text', text: 'ef' },
  ];
  const batches = source(examples, 4);
  const [batch] = await batches.next();
  expect(batch!.ids).toEqual(['good', 'good', 'good', 'good']);
  const { count, draws, reasons } = batches.skipped();
  expect([count, draws > 3]).toEqual([3, true]);
  expect([...reasons].sort()).toEqual([
    'example empty: the caption is empty',
    'example text: example "text" has no image; put it among the text-only documents',
    expect.stringMatching(/^none: /),
  ]);
});

test('no reason is kept beyond the first twenty, and every skip is counted', async () => {
  const dataset = failing(pairs(40), i => (i === 0 ? undefined : new DataError('DATA_INVALID', `bad ${i}`)));
  const batches = source(dataset, 2);
  await batches.next();
  const { count, reasons } = batches.skipped();
  expect(reasons.length).toBe(20);
  expect(count).toBeGreaterThan(20);
  expect(new Set(reasons).size).toBe(20);
});

test('one good example among few is enough, wherever the shuffle puts it', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const batches = source(
      failing(pairs(3), i => (i === 1 ? undefined : unreadable)),
      6,
      { seed },
    );
    expect((await batches.next())[0]!.ids).toEqual(new Array(6).fill('pair-1'));
  }
});

test('when no example of an epoch can be used, that is said with the last reason', async () => {
  for (const examples of [
    failing(pairs(5), () => unreadable),
    pairs(5).map(({ image: _, ...rest }) => rest),
  ]) {
    const failure = createBatchSource({
      ...common,
      imageText: { stream: pairStream(examples, { skipLimit: 1 }), batchSize: 2 },
      textOnly: { stream: textStream(documents(3)), batchSize: 1 },
    }).next();
    await expect(failure).rejects.toThrow(
      /none of 5 examples can be used; the last: (cannot decode|.*no image)/,
    );
    await expect(failure).rejects.toBeInstanceOf(DataError);
  }
  const empty = pairs(5).map(pair => ({ ...pair, text: ' ' }));
  await expect(source(empty, 2).next()).rejects.toThrow(
    'none of 5 examples can be used; the last: the caption is empty',
  );
});

test('more unusable examples than the stated share are an error that gives the first reasons', async () => {
  const dataset = failing(pairs(40), i =>
    i % 4 === 0 ? new DataError('DATA_INVALID', `bad ${i}`) : undefined,
  );
  const all = async (skipLimit: number) => {
    const batches = source(dataset, 10, { skipLimit });
    for (let step = 0; step < 40; step++) await batches.next();
    return batches.skipped();
  };
  const failure = all(0.2);
  await expect(failure).rejects.toThrow(
    /2\d of 1\d\d examples cannot be used, more than the share of 0\.2 .*bad \d+/,
  );
  await expect(failure).rejects.toBeInstanceOf(DataError);
  expect((await all(0.3)).count).toBe(10);
  // Captions that a task refuses count as well.
  const empty = pairs(40).map((pair, i) => (i % 4 === 0 ? { ...pair, text: ' ' } : pair));
  const batches = source(empty, 100, { skipLimit: 0.2 });
  await expect(batches.next()).rejects.toThrow(/cannot be used, .*the caption is empty/);
});

test('one bad picture of six stops no training, however often it is drawn', async () => {
  const dataset = failing(pairs(6), i => (i === 3 ? new DataError('DATA_INVALID', 'bad') : undefined));
  const batches = source(dataset, 10);
  for (let step = 0; step < 30; step++) await batches.next();
  expect(batches.skipped()).toMatchObject({ count: 1, draws: expect.toSatisfy(draws => draws > 40) });
});

test('an error that is not about the example is not swallowed', async () => {
  const batches = source(
    failing(pairs(5), () => new TypeError('decode is not a function')),
    2,
  );
  await expect(batches.next()).rejects.toThrow(TypeError);
  expect(batches.skipped().count).toBe(0);
});
