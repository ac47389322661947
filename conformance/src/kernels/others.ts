import * as tf from '@tensorflow/tfjs-core';
import { bools, type Case, floats, ints, of, positive } from './case';

/** Types, logic, softmax, and what is composed of many kernels. */
export const otherCases: Case[] = [
  {
    name: 'casts',
    inputs: [
      floats(1.7, -1.7, 0, NaN, Infinity, -Infinity, 3e9, -3e9, 1e20, 0.2, -0),
      ints([5], [3, -2, 0, 2 ** 30, -(2 ** 31)]),
      bools([5], [1, 0, 1, 1, 0]),
    ],
    run: (f, i, b) => [
      ...[
        tf.cast(f!, 'int32'),
        tf.cast(f!, 'bool'),
        tf.cast(f!, 'float32'),
        tf.cast(i!, 'float32'),
        tf.cast(i!, 'bool'),
        tf.cast(b!, 'float32'),
        tf.cast(b!, 'int32'),
      ],
      tf.add(tf.cast(tf.cast(b!, 'int32'), 'float32'), 1),
      tf.mul(tf.cast(i!, 'float32'), 0.5),
    ],
  },
  {
    name: 'constants',
    inputs: [of(3, 5), ints([2], [1, 2]), bools([2], [1, 0])],
    run: (f, i, b) => [
      ...[tf.zerosLike(f!), tf.onesLike(f!), tf.zerosLike(i!), tf.onesLike(i!), tf.zerosLike(b!)],
      ...[tf.fill([2, 3], 0.25), tf.fill([4], -7, 'int32'), tf.zeros([3]), tf.ones([2, 2], 'int32')],
    ],
  },
  ...[
    [4, 9],
    [2, 3, 130],
    [1, 1],
  ].map(
    (shape): Case => ({
      name: `softmax and logSoftmax [${shape}]`,
      inputs: [of(...shape)],
      run: x => tf.add(tf.softmax(x!), tf.logSoftmax(x!)),
      gradient: true,
    }),
  ),
  {
    name: 'softmax of large numbers and −∞',
    inputs: [
      { shape: [2, 5], values: [1000, 999, -1000, -Infinity, 998, -1e30, -1e30, -1e30, -1e30, -1e30] },
    ],
    run: x => tf.softmax(x!),
  },
  { name: 'logSumExp', inputs: [of(3, 8)], run: x => tf.logSumExp(x!, 1), gradient: true },
  { name: 'addN', inputs: [of(3, 5), of(3, 5), of(3, 5)], run: (...all) => tf.addN(all), gradient: true },
  {
    name: 'comparisons and logic',
    inputs: [of(3, 5), of(5)],
    run: (x, y) => [
      ...[tf.greater(x!, y!), tf.lessEqual(x!, y!), tf.equal(x!, x!), tf.notEqual(x!, y!)],
      ...[tf.logicalAnd(tf.greater(x!, y!), tf.less(x!, 0)), tf.logicalNot(tf.greater(x!, y!))],
      ...[tf.any(tf.greater(x!, y!)), tf.all(tf.greater(x!, y!), 1)],
    ],
  },
  {
    name: 'argMax, topk, oneHot, range, cumsum',
    inputs: [of(4, 6), ints([3], [2, 0, 5])],
    run: (x, ids) => [
      ...[tf.argMax(x!, 1), tf.argMin(x!, 0), tf.oneHot(ids!, 6), tf.range(0, 7, 2), tf.cumsum(x!, 1)],
      ...[tf.topk(x!, 3).values, tf.topk(x!, 3).indices],
    ],
  },
  {
    name: 'scatterND, gatherND, tensorScatterUpdate',
    inputs: [of(3, 4), ints([2, 1], [2, 0]), of(2, 4)],
    run: (x, ids, updates) => [
      tf.scatterND(ids!, updates!, [3, 4]),
      tf.gatherND(x!, ids!),
      tf.tensorScatterUpdate(x!, ids!, updates!),
      tf.mul(x!, 1),
    ],
    // tfjs's tensorScatterUpdate overwrites its input.
    right: (x, ids, updates) => [
      tf.scatterND(ids!, updates!, [3, 4]),
      tf.gatherND(x!, ids!),
      tf.tensorScatterUpdate(tf.mul(x!, 1), ids!, updates!),
      tf.mul(x!, 1),
    ],
  },
  {
    name: 'einsum',
    inputs: [of(2, 3, 4), of(2, 5, 4)],
    run: (x, y) => tf.einsum('bqd,bkd->bqk', x!, y!),
  },
  {
    name: 'resizeBilinear',
    inputs: [of(1, 4, 4, 2)],
    run: x => tf.image.resizeBilinear(x as tf.Tensor4D, [7, 5]),
  },
  {
    name: 'batchNorm',
    inputs: [of(4, 5), of(5), positive(5), of(5), of(5)],
    run: (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x!,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
  },
  {
    name: 'moments and a layer norm composed of plain ops',
    inputs: [of(6, 32), of(32), of(32)],
    run: (x, gamma, beta) => {
      const { mean, variance } = tf.moments(x!, -1, true);
      return tf.add(tf.mul(tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, 1e-6))), gamma!), beta!);
    },
    gradient: true,
  },
  { name: 'clipByValue', inputs: [of(3, 9)], run: x => tf.clipByValue(x!, -0.5, 0.5), gradient: true },
  {
    name: 'fft round trip',
    inputs: [of(8)],
    run: x => tf.real(tf.ifft(tf.fft(tf.complex(x!, tf.zerosLike(x!))))),
  },
];
