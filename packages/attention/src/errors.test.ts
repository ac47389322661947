import { ShapeError } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cacheWrite, type PrefixAttentionInputs, prefixAttention } from './index';

const zeros = (...shape: number[]) => tf.zeros<tf.Rank>(shape) as tf.Tensor4D;
const ints = (...shape: number[]) => tf.zeros<tf.Rank>(shape, 'int32') as tf.Tensor1D;

/** Two rows, three queries, four keys, two heads of width five, but for what `changes` says. */
const attend = (changes: () => Partial<PrefixAttentionInputs>) =>
  prefixAttention({
    ...{ q: zeros(2, 3, 2, 5), k: zeros(2, 4, 2, 5), v: zeros(2, 4, 2, 5) },
    ...{ keyLengths: ints(2), prefixLengths: ints(2) },
    ...changes(),
  });

const bias = (gridHeight: number, gridWidth: number, ...shape: number[]) => ({
  bias: { table: zeros(...shape), gridHeight, gridWidth },
});

const wrong: [what: string, changes: () => Partial<PrefixAttentionInputs>, message: string][] = [
  ['queries of three axes', () => ({ q: zeros(2, 3, 10) }), 'q must be [*, *, *, *], got [2, 3, 10]'],
  ['keys of another width', () => ({ k: zeros(2, 4, 2, 6) }), 'k must be [2, *, 2, 5], got [2, 4, 2, 6]'],
  ['keys of another batch', () => ({ k: zeros(1, 4, 2, 5) }), 'k must be [2, *, 2, 5], got [1, 4, 2, 5]'],
  ['fewer values than keys', () => ({ v: zeros(2, 3, 2, 5) }), 'v must be [2, 4, 2, 5], got [2, 3, 2, 5]'],
  ['key lengths for another batch', () => ({ keyLengths: ints(3) }), 'keyLengths must be [2], got [3]'],
  [
    'prefix lengths that are not int32',
    () => ({ prefixLengths: tf.zeros([2]) }),
    'prefixLengths must be int32, got float32',
  ],
  ['a negative offset', () => ({ offset: -1 }), 'offset must be a whole number ≥ 0, got -1'],
  ['half an offset', () => ({ offset: 0.5 }), 'offset must be a whole number ≥ 0, got 0.5'],
  ['a bias for other heads', () => bias(1, 3, 1, 5), 'bias table must be [2, 5], got [1, 5]'],
  ['a bias for another grid', () => bias(1, 3, 2, 4), 'bias table must be [2, 5], got [2, 4]'],
  [
    'a bias for more tokens than queries',
    () => bias(2, 2, 2, 9),
    'a bias for 4 image tokens needs offset 0 and as many queries and keys, got offset 0, 3 and 4',
  ],
  [
    'a bias behind an offset',
    () => ({ ...bias(1, 3, 2, 5), offset: 1 }),
    'a bias for 3 image tokens needs offset 0 and as many queries and keys, got offset 1, 3 and 4',
  ],
];

describe('wrong shapes are refused in one line that says what fits and what came', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('what the others change is accepted', () => {
    expect(attend(() => ({})).shape).toEqual([2, 3, 2, 5]);
  });

  test.each(wrong)('attention with %s', (_, changes, message) => {
    const call = () => attend(changes);
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(
      expect.objectContaining({ message: `prefixAttention: ${message}`, code: 'SHAPE_MISMATCH' }),
    );
  });

  test.each([
    [
      'tokens of another width',
      () => cacheWrite(zeros(2, 4, 2, 5), zeros(2, 1, 2, 6), ints(2)),
      'cacheWrite: update must be [2, *, 2, 5], got [2, 1, 2, 6]',
    ],
    [
      'positions for another batch',
      () => cacheWrite(zeros(2, 4, 2, 5), zeros(2, 1, 2, 5), ints(1)),
      'cacheWrite: positions must be [2], got [1]',
    ],
    [
      'positions that are not int32',
      () => cacheWrite(zeros(2, 4, 2, 5), zeros(2, 1, 2, 5), tf.zeros([2])),
      'cacheWrite: positions must be int32, got float32',
    ],
  ] as const)('a cache written with %s', (_, call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(expect.objectContaining({ message }));
  });
});
