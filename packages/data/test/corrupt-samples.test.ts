import { DataError, type Example, ImageError } from '@simvlm/core';
import { expect, test } from 'vitest';
import { arrayDataset, createBatchSource } from '../src/index';
import { common, documents, failing, pairs, plain } from './fixture';

const unreadable = new ImageError('IMAGE_UNREADABLE', 'cannot decode b.png');

test('an unreadable image is replaced by the next example, counted and reported with its reason', async () => {
  const dataset = failing(pairs(6), i => (i === 2 ? unreadable : undefined));
  const source = createBatchSource({ ...common(), imageText: { dataset, batchSize: 5 } });
  const ids: string[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const [batch] = await source.next();
    expect(batch!.size).toBe(5);
    ids.push(...batch!.ids);
  }
  expect(ids).not.toContain('pair-2');
  expect(new Set(ids).size).toBe(5);
  const { count, draws, reasons } = source.skipped();
  expect(draws).toBeGreaterThanOrEqual(2);
  expect([count, reasons]).toEqual([1, ['example 2: cannot decode b.png']]);
});

test('an empty caption and an image that cannot be transformed are skipped as well', async () => {
  const examples: Example[] = [
    { id: 'good', text: 'ab', image: plain(2) },
    { id: 'empty', text: ' \n', image: plain(2) },
    { id: 'tiny', text: 'cd', image: plain(1) },
    { id: 'text', text: 'ef' },
  ];
  const source = createBatchSource({
    ...common(),
    transform: image => {
      if (image.width < 2) throw new ImageError('IMAGE_UNREADABLE', 'too small to crop');
      return image;
    },
    imageText: { dataset: arrayDataset(examples), batchSize: 4 },
  });
  const [batch] = await source.next();
  expect(batch!.ids).toEqual(['good', 'good', 'good', 'good']);
  expect(new Set(source.skipped().reasons)).toEqual(
    new Set([
      'example 1: the caption is empty',
      'example 2: too small to crop',
      'example 3: example "text" has no image; put it among the text-only documents',
    ]),
  );
});

test('no reason is kept beyond the first twenty, and every skip is counted', async () => {
  const dataset = failing(pairs(40), i => (i === 0 ? undefined : new DataError('DATA_INVALID', `bad ${i}`)));
  const source = createBatchSource({ ...common(), imageText: { dataset, batchSize: 2 } });
  await source.next();
  const { count, reasons } = source.skipped();
  expect(reasons.length).toBe(20);
  expect(count).toBeGreaterThan(20);
  expect(new Set(reasons).size).toBe(20);
});

test('one good example among many is enough, wherever the shuffle puts it', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const dataset = failing(pairs(3), i => (i === 1 ? undefined : unreadable));
    const source = createBatchSource({ ...common(seed), imageText: { dataset, batchSize: 6 } });
    expect((await source.next())[0]!.ids).toEqual(new Array(6).fill('pair-1'));
  }
});

test('when no example can be used, that is said with the last reason', async () => {
  const dataset = failing(pairs(5), () => unreadable);
  const source = createBatchSource({
    ...common(),
    imageText: { dataset, batchSize: 2 },
    textOnly: { dataset: arrayDataset(documents(3)), batchSize: 1 },
  });
  const failure = source.next();
  await expect(failure).rejects.toThrow('none of 5 examples can be used; the last: cannot decode b.png');
  await expect(failure).rejects.toBeInstanceOf(DataError);
});

test('an error that is not about the example is not swallowed', async () => {
  const dataset = failing(pairs(5), () => new TypeError('decode is not a function'));
  const source = createBatchSource({ ...common(), imageText: { dataset, batchSize: 2 } });
  await expect(source.next()).rejects.toThrow(TypeError);
  expect(source.skipped().count).toBe(0);
});
