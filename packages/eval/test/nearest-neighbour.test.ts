import { type Example, type ExampleDataset, ImageError, Random } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { pixelNearestNeighbour, pixelNearestNeighbours } from '../src/index';
import { pairs, picture } from './fixture';

beforeAll(() => tf.setBackend('cpu'));

function noise(count: number, seed: number, side = 4): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, (_, i) => ({
    id: `${seed}-${i}`,
    text: `caption ${seed}-${i}`,
    image: {
      width: side,
      height: side,
      data: Uint8Array.from({ length: side * side * 3 }, () => random.integer(256)),
    },
  }));
}

function byBruteForce(train: readonly Example[], query: Example): string {
  const distances = train.map(({ image }) =>
    image!.data.reduce((sum, value, i) => sum + (value - query.image!.data[i]!) ** 2, 0),
  );
  return train[distances.indexOf(Math.min(...distances))]!.text;
}

test('every picture gets the caption that a search through all of them finds', async () => {
  const [train, queries] = [noise(120, 1), noise(40, 2)];
  const found = await pixelNearestNeighbour(arrayDataset(train), arrayDataset(queries), { size: 4 });
  expect(found).toEqual(
    queries.map(query => ({ id: query.id, truth: query.text, text: byBruteForce(train, query) })),
  );
  expect(new Set(found.map(({ text }) => text)).size).toBeGreaterThan(10);
});

test('several sets are compared in one pass, each as it would be alone', async () => {
  const [train, few, more] = [noise(60, 1), noise(3, 2), noise(20, 3)].map(arrayDataset) as [
    ExampleDataset,
    ExampleDataset,
    ExampleDataset,
  ];
  let reads = 0;
  const counted: ExampleDataset = {
    length: train.length,
    get(index) {
      reads++;
      return train.get(index);
    },
  };
  const found = await pixelNearestNeighbours(counted, [few, more], { size: 4 });
  expect(reads).toBe(60);
  const alone = [few, more].map(test => pixelNearestNeighbour(train, test, { size: 4 }));
  expect(found).toEqual(await Promise.all(alone));
});

test('a picture that is in the training set finds itself, and of equals the first', async () => {
  const train = noise(20, 3);
  const twins = [...train, ...train.map(example => ({ ...example, text: 'a copy' }))];
  const found = await pixelNearestNeighbour(arrayDataset(twins), arrayDataset(train), { size: 4 });
  expect(found.map(({ text }) => text)).toEqual(train.map(({ text }) => text));
});

test('the best of several chunks is kept', async () => {
  // One training picture more than the 4,096 that are compared at a time: the last, and one of the first, are the nearest.
  const far = Array.from({ length: 4096 }, (_, i) => ({
    id: `${i}`,
    text: 'far',
    image: picture(i % 100, 1),
  }));
  far[7] = { id: 'first', text: 'first chunk', image: picture(150, 1) };
  const train = [...far, { id: 'last', text: 'last chunk', image: picture(250, 1) }];
  const queries = [
    { id: 'a', text: 'a', image: picture(160, 1) },
    { id: 'b', text: 'b', image: picture(240, 1) },
  ];
  const progress: number[] = [];
  const found = await pixelNearestNeighbour(arrayDataset(train), arrayDataset(queries), {
    size: 1,
    onProgress: done => progress.push(done),
  });
  expect(found.map(({ text }) => text)).toEqual(['first chunk', 'last chunk']);
  expect(progress).toEqual([4096, 4097]);
});

test('pictures that cannot be read are left out on both sides; without training pictures there is no neighbour', async () => {
  const examples = pairs(5);
  const broken = {
    length: 5,
    get(index: number) {
      if (index === 0) throw new ImageError('IMAGE_UNREADABLE', 'damaged');
      return examples[index]!;
    },
  };
  const found = await pixelNearestNeighbour(broken, broken, { size: 2 });
  expect(found.map(({ id, text }) => [id, text])).toEqual(
    examples.slice(1).map(({ id, text }) => [id, text]),
  );
  await expect(pixelNearestNeighbour(arrayDataset([]), broken)).rejects.toThrow('no training pictures');
});

test('no picture to find a neighbour for is an error with the first reason', async () => {
  const train = arrayDataset(pairs(3));
  await expect(pixelNearestNeighbour(train, arrayDataset([]), { size: 2 })).rejects.toThrow(
    'nothing was evaluated: there are no pictures',
  );
  const unreadable = { length: 4, get: () => Promise.reject(new ImageError('IMAGE_UNREADABLE', 'damaged')) };
  await expect(pixelNearestNeighbour(train, unreadable, { size: 2 })).rejects.toThrow(
    'none of 4 pictures can be used; the first: damaged',
  );
});

test('the number of tensors stays the same', async () => {
  const before = tf.memory().numTensors;
  await pixelNearestNeighbour(arrayDataset(noise(9, 1)), arrayDataset(noise(3, 2)), { size: 4 });
  await expect(pixelNearestNeighbour(arrayDataset([]), arrayDataset(noise(3, 2)))).rejects.toThrow();
  expect(tf.memory().numTensors).toBe(before);
});
