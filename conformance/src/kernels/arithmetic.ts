import * as tf from '@tensorflow/tfjs-core';
import { type Case, floats, ints, type Operand, of } from './case';

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const binaryOps: readonly (readonly [name: string, op: Binary])[] = [
  ['add', tf.add],
  ['sub', tf.sub],
  ['mul', tf.mul],
  ['div', tf.div],
  ['maximum', tf.maximum],
  ['minimum', tf.minimum],
  ['squaredDifference', tf.squaredDifference],
];
const broadcasts: readonly (readonly [Operand, Operand])[] = [
  [of(3, 7), of(3, 7)],
  [of(5, 129), of(129)],
  [of(129), of(5, 129)],
  [of(4, 3, 5), of()],
  [of(), of(9)],
  [of(6, 11), of(6, 1)],
  [of(1, 4, 1, 3), of(2, 1, 5, 1)],
  [of(2, 3, 1, 5), of(3, 4, 1)],
  [of(2, 1, 3, 1, 2), of(1, 2, 1, 2, 1)],
  [of(1), of(1, 1, 1)],
  [of(0, 4), of(4)],
  [of(40_001), of(40_001)],
];

/** Two operands, broadcast. */
export const arithmeticCases: Case[] = binaryOps.flatMap(([name, op]) => [
  ...broadcasts.map(([a, b]): Case => {
    const divisor = name === 'div' ? { ...b, positive: true } : b;
    // tfjs has no right gradient for these three where they broadcast.
    const same = a.shape.join() === b.shape.join();
    const gradient = same || name === 'add' || name === 'sub' || name === 'mul' || name === 'div';
    return {
      name: `${name} [${a.shape}] [${b.shape}]`,
      inputs: [a, divisor],
      run: (x, y) => op(x!, y!),
      gradient: gradient && a.shape[0] !== 0,
    };
  }),
  {
    name: `${name} of infinities and NaN`,
    inputs: [
      floats(1, NaN, Infinity, -Infinity, 0, NaN, 5, 0),
      floats(NaN, 1, Infinity, Infinity, 0, NaN, Infinity, -0),
    ],
    run: (x, y) => op(x!, y!),
  },
  {
    name: `${name} of int32`,
    inputs: [ints([2, 3], [7, -5, 3, 0, 9, 100]), ints([3], [2, 3, -4])],
    run: (x, y) => op(x!, y!),
  },
]);
