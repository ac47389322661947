import { ParameterTree, type ProcessGroup } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { memoryGroups } from '../test/memory-group';
import { GradientBuckets } from './gradient-buckets';
import { owners } from './owners';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

/** 4, 8, 8 and 100 numbers. */
const shapes = { first: [4], second: [2, 4], third: [8], last: [100] } as const;
const limits = { first: 4 * 100, others: 4 * 16 };
const tree = () =>
  ParameterTree.from(Object.entries(shapes).map(([name, shape]) => [name, tf.zeros([...shape])] as const));

/** A group of one, which writes down what it is asked for. */
function witness(log: number[][]): ProcessGroup<tf.Tensor> {
  const [group] = memoryGroups(1);
  return {
    ...group!,
    allReduce: given => {
      log.push(given.map(({ size }) => size));
      return group!.allReduce(given);
    },
  };
}

describe('gradients in buckets', () => {
  test('leave as soon as a bucket and those before it are complete, last parameters first', async () => {
    const params = tree();
    const log: number[][] = [];
    const buckets = new GradientBuckets(witness(log), params, {}, limits);
    const add = (name: keyof typeof shapes) => {
      const gradient = tf.ones([...shapes[name]]);
      buckets.add(name, gradient);
      gradient.dispose();
    };
    add('third');
    add('second');
    // Complete, but not its turn.
    expect(log).toEqual([]);
    add('last');
    expect(log).toEqual([[100], [8, 8]]);
    // 'first' never comes: it is 0 here.
    const sums = await buckets.sums();
    buckets.dispose();
    expect(log).toEqual([[100], [8, 8], [4]]);
    expect([...sums.keys()]).toEqual(['last', 'third', 'second', 'first']);
    expect([...sums.get('first')!.dataSync()]).toEqual([0, 0, 0, 0]);
    expect(sums.get('second')!.shape).toEqual([2, 4]);
    tf.dispose([...sums.values(), ...params.values()]);
  });

  test('are sums over all processes, in whichever order each adds them', async () => {
    const params = tree();
    const orders = [
      ['last', 'third', 'second', 'first'],
      ['first', 'last', 'second'],
    ];
    const sums = await Promise.all(
      memoryGroups(2).map(async (group, rank) => {
        const buckets = new GradientBuckets(group, params, {}, limits);
        for (const name of orders[rank]!) {
          const gradient = tf.fill(params.get(name).shape, 10 ** rank);
          buckets.add(name, gradient);
          gradient.dispose();
        }
        const all = await buckets.sums();
        buckets.dispose();
        return all;
      }),
    );
    const numbers = sums.map(each =>
      [...each].map(([name, sum]) => [name, ...new Set(sum.dataSync())]).sort(),
    );
    expect(numbers[0]).toEqual([
      ['first', 11],
      ['last', 11],
      ['second', 11],
      ['third', 1],
    ]);
    expect(numbers[1]).toEqual(numbers[0]);
    await new Promise(resolve => setTimeout(resolve, 1));
    tf.dispose([sums.flatMap(each => [...each.values()]), params.values()]);
  });

  test('that are given up leave nothing behind, wherever they are', async () => {
    const params = tree();
    const groups = memoryGroups(2);
    const buckets = groups.map(group => new GradientBuckets(group, params, {}, limits));
    const gradient = tf.ones([100]);
    for (const each of buckets) each.add('last', gradient);
    buckets[0]!.add('third', params.get('third'));
    for (const each of buckets) each.dispose();
    await new Promise(resolve => setTimeout(resolve, 1));
    tf.dispose([gradient, params.values()]);
  });
});

describe('the owners of parameters', () => {
  test('share the numbers as evenly as whole parameters can be, and each has one', () => {
    const params = ParameterTree.from(
      [7, 1, 9, 4, 4, 2, 8, 1].map((size, i) => [`p${i}`, { size }] as const),
    );
    for (const size of [1, 2, 3, 8, 11]) {
      const found = owners(params, { size });
      const load = Array.from({ length: size }, (_, rank) =>
        [...params].reduce((sum, [name, { size }]) => sum + (found.get(name) === rank ? size : 0), 0),
      );
      expect(load.reduce((a, b) => a + b)).toBe(36);
      // No more than an even share and the largest parameter.
      expect(Math.max(...load)).toBeLessThanOrEqual(Math.ceil(36 / size) + 9);
      expect([...owners(params, { size })]).toEqual([...found]);
    }
    expect(
      Math.max(
        ...[0, 1].map(rank =>
          [...owners(params, { size: 2 })]
            .filter(([, owner]) => owner === rank)
            .reduce((sum, [name]) => sum + params.get(name).size, 0),
        ),
      ),
    ).toBe(18);
  });
});
