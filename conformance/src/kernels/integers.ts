import * as tf from '@tensorflow/tfjs-core';
import { bools, type Case, floats, ints } from './case';

const a = ints([2, 4], [7, -7, 7, -7, 0, 9, 2 ** 30, -(2 ** 31)]);
const b = ints([4], [2, 2, -2, -3]);
const flags = bools([2, 3], [1, 0, 1, 1, 1, 0]);
const column = bools([2, 1], [0, 1]);

/** int32 and bool. */
export const integerCases: Case[] = [
  {
    name: 'division of int32 rounds down; by 0 it gives 0',
    inputs: [a, b, ints([2], [5, -5]), ints([2], [0, 0])],
    run: (x, y, z, zero) => [
      ...[tf.div(x!, y!), tf.floorDiv(x!, y!), tf.mod(x!, y!), tf.floorDiv(z!, zero!), tf.mod(z!, zero!)],
    ],
  },
  {
    name: 'floorDiv and mod of float32',
    inputs: [floats(7, -7, 7.5, -7.5, 0, 1e9, NaN, 5), floats(2, 2, -2, -2, -3, 3, 1, 0)],
    run: (x, y) => [tf.floorDiv(x!, y!), tf.mod(x!, y!)],
  },
  {
    name: 'arithmetic of int32',
    inputs: [a, b],
    run: (x, y) => [
      ...[
        tf.add(x!, y!),
        tf.sub(x!, y!),
        tf.mul(tf.clipByValue(x!, -9, 9), y!),
        tf.squaredDifference(y!, tf.scalar(3, 'int32')),
      ],
      ...[tf.maximum(x!, y!), tf.minimum(x!, y!), tf.neg(y!), tf.abs(y!), tf.square(y!), tf.sign(x!)],
      ...[tf.relu(x!), tf.clipByValue(x!, -2, 5), tf.pow(y!, tf.scalar(3, 'int32')), tf.addN([y!, y!, y!])],
      tf.bitwiseAnd(y!, tf.reverse(y!, 0)),
    ],
  },
  {
    name: 'functions of int32',
    inputs: [ints([4], [0, 1, 2, -3])],
    run: x => [tf.exp(x!), tf.leakyRelu(x!, 0.5), tf.step(x!), tf.relu6(tf.mul(x!, tf.scalar(4, 'int32')))],
  },
  {
    name: 'comparisons of int32, broadcast',
    inputs: [a, b],
    run: (x, y) => [
      ...[tf.equal(x!, y!), tf.notEqual(x!, y!), tf.greater(x!, y!), tf.greaterEqual(x!, y!)],
      ...[
        tf.less(x!, y!),
        tf.lessEqual(x!, y!),
        tf.less(tf.scalar(2, 'int32'), y!),
        tf.equal(x!, tf.scalar(7, 'int32')),
      ],
    ],
  },
  {
    name: 'comparisons with NaN and numbers on either side',
    inputs: [floats(1, NaN, -1, Infinity)],
    run: x => [
      ...[tf.greater(x!, 0), tf.greater(0, x!), tf.lessEqual(x!, 1), tf.lessEqual(1, x!), tf.equal(x!, x!)],
      ...[
        tf.notEqual(x!, x!),
        tf.greaterEqual(x!, NaN),
        tf.equal(NaN, x!),
        tf.maximum(x!, NaN),
        tf.minimum(0, x!),
      ],
    ],
  },
  {
    name: 'numbers on either side of float32',
    inputs: [floats(1, -2, 0, 3)],
    run: x => [
      ...[
        tf.add(x!, 2),
        tf.add(2, x!),
        tf.sub(x!, 2),
        tf.sub(2, x!),
        tf.mul(0.1, x!),
        tf.div(x!, 3),
        tf.div(3, x!),
      ],
      ...[
        tf.pow(x!, 2),
        tf.pow(2, x!),
        tf.squaredDifference(0.5, x!),
        tf.add(x!, [[1]]),
        tf.sub([[[1]]], x!),
      ],
    ],
  },
  {
    name: 'logic of bool, broadcast',
    inputs: [flags, column],
    run: (x, y) => [
      ...[tf.logicalAnd(x!, y!), tf.logicalOr(x!, y!), tf.logicalXor(x!, y!), tf.logicalNot(x!)],
      ...[tf.equal(x!, y!), tf.notEqual(x!, y!), tf.maximum(x!, y!), tf.minimum(x!, y!)],
    ],
  },
  {
    name: 'reductions of int32 and bool',
    inputs: [ints([2, 3], [5, -1, 4, 4, 0, 4]), flags],
    run: (x, y) => [
      ...[tf.sum(x!), tf.sum(x!, 1), tf.mean(x!, 0), tf.max(x!, 1, true), tf.min(x!), tf.prod(x!, 1)],
      ...[
        tf.sum(y!),
        tf.sum(y!, 0),
        tf.mean(tf.cast(y!, 'float32'), 1),
        tf.prod(y!, 1),
        tf.argMax(x!, 1),
        tf.argMin(x!),
      ],
      ...[tf.any(y!, 1), tf.all(y!, 0, true), tf.any(y!), tf.all(y!, [0, 1]), tf.max(tf.cast(y!, 'int32'))],
    ],
  },
  {
    name: 'moving int32 and bool',
    inputs: [ints([2, 3], [5, -1, 4, 4, 0, 4]), flags, ints([2], [2, 0])],
    run: (x, y, ids) => [
      ...[
        tf.concat([x!, x!], 1),
        tf.concat([y!, y!], 0),
        tf.stack([y!, y!], 1),
        tf.tile(x!, [2, 1]),
        tf.tile(y!, [1, 2]),
      ],
      ...[
        tf.pad(
          x!,
          [
            [1, 0],
            [0, 2],
          ],
          7,
        ),
        tf.pad(y!, [
          [0, 1],
          [1, 0],
        ]),
        tf.reverse(y!, 1),
        tf.slice(y!, [0, 1], [2, 2]),
      ],
      ...[
        tf.gather(x!, ids as tf.Tensor1D, 1),
        tf.gather(y!, ids as tf.Tensor1D, 1),
        tf.reshape(y!, [6]),
        ...tf.unstack(x!, 0),
      ],
      ...tf.split(y!, 3, 1),
    ],
  },
  {
    name: 'where with int32, with bool and with one condition for a row',
    inputs: [flags, ints([2, 3], [1, 2, 3, 4, 5, 6]), ints([3], [-1, -2, -3]), bools([2, 1], [1, 0])],
    run: (c, x, y, row) => [
      ...[
        tf.where(c!, x!, y!),
        tf.where(row!, x!, y!),
        tf.where(row!, c!, tf.logicalNot(c!)),
        tf.where(c!, 1, 0),
      ],
    ],
  },
];
