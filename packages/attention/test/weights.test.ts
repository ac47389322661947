import { Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { attentionWeights, prefixAttention, watchAttention } from '../src/index';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const random = (name: string, shape: number[]) => {
  const stream = Random.fromSeed(3).fork(name);
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => stream.normal()),
    shape,
  );
};

/** Two rows, three queries from place 1 on, five keys of which the second row has four. */
const inputs = () => ({
  q: random('q', [2, 3, 2, 4]),
  k: random('k', [2, 5, 2, 4]),
  v: random('v', [2, 5, 2, 4]),
  keyLengths: tf.tensor1d([5, 4], 'int32'),
  prefixLengths: tf.tensor1d([1, 0], 'int32'),
  offset: 1,
});

test('the weights mix the values into what the attention gives', () => {
  const given = inputs();
  const mixed = tf.transpose(
    tf.matMul(attentionWeights(given), tf.transpose(given.v, [0, 2, 1, 3]) as tf.Tensor4D),
    [0, 2, 1, 3],
  );
  const attended = prefixAttention(given).dataSync();
  for (const [i, value] of mixed.dataSync().entries()) expect(value).toBeCloseTo(attended[i]!, 6);
});

test('a query gives no weight to what it does not see', () => {
  const weights = attentionWeights(inputs()).arraySync();
  expect(weights[0]![0]![0]!.slice(2)).toEqual([0, 0, 0]);
  expect(weights[1]![1]![2]![4]).toBe(0);
  expect(weights[1]![1]![2]!.reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
});

test('a watcher sees every attention inside of its run and none outside, even after an error', () => {
  const given = inputs();
  const seen: unknown[] = [];
  const value = watchAttention(
    () => {
      prefixAttention(given);
      prefixAttention(given);
      return 7;
    },
    shown => seen.push(shown.q),
  );
  expect([value, seen]).toEqual([7, [given.q, given.q]]);
  const failing = () => {
    throw new Error('broken');
  };
  expect(() => watchAttention(failing, shown => seen.push(shown))).toThrow('broken');
  prefixAttention(given);
  expect(seen).toHaveLength(2);
});
