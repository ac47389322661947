import * as tf from '@tensorflow/tfjs-core';
import { type Case, ints, of } from './case';

/** A product whose batches, of as many axes, are repeated first: [2, 1] and [1, 3] to [2, 3]. */
function repeated(x: tf.Tensor, y: tf.Tensor, ta: boolean, tb: boolean): tf.Tensor {
  const reps = (own: tf.Tensor, other: tf.Tensor): number[] =>
    own.shape.map((size, axis) => (size === 1 && axis < own.rank - 2 ? other.shape[axis]! : 1));
  return tf.matMul(tf.tile(x, reps(x, y)), tf.tile(y, reps(y, x)), ta, tb);
}

/** Matrix products: transposed, in batches, fused with bias and activation. */
export const matrixCases: Case[] = [
  ...[
    [1, 1, 1],
    [2, 3, 4],
    [1, 40, 37],
    [3, 17, 64],
    [5, 8, 8],
    [7, 9, 13],
    [16, 31, 24],
    [33, 65, 41],
    [70, 40, 130],
    [12, 2000, 9],
  ].flatMap(([m, k, n]): Case[] =>
    [0, 1, 2, 3].map(t => {
      const [ta, tb] = [(t & 1) === 1, (t & 2) === 2];
      return {
        name: `matMul ${m}×${k}×${n}${ta ? ' aᵀ' : ''}${tb ? ' bᵀ' : ''}`,
        inputs: [ta ? of(k!, m!) : of(m!, k!), tb ? of(n!, k!) : of(k!, n!)],
        run: (a, b) => tf.matMul(a!, b!, ta, tb),
        gradient: true,
        tolerance: 1e-4,
      };
    }),
  ),
  ...[
    [[5], [5]],
    [[5], [1]],
    [[1], [5]],
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], []],
    [
      [2, 1],
      [1, 3],
    ],
    [
      [2, 3],
      [2, 1],
    ],
  ].flatMap(([a, b]): Case[] =>
    [0, 1, 2, 3].map(t => {
      const [ta, tb] = [(t & 1) === 1, (t & 2) === 2];
      return {
        name: `matMul of batches [${a}] and [${b}]${ta ? ' aᵀ' : ''}${tb ? ' bᵀ' : ''}`,
        inputs: [of(...a!, ...(ta ? [6, 9] : [9, 6])), of(...b!, ...(tb ? [11, 6] : [6, 11]))],
        run: (x, y) => tf.matMul(x!, y!, ta, tb),
        // Where an axis but the first is repeated, tfjs pairs the batches of the one with the wrong ones of the other.
        ...(a!.length > 1 && b!.length > 1 && { right: (x, y) => repeated(x!, y!, ta, tb) }),
        // tfjs's gradient of a broadcasting product has the wrong shape.
        gradient: a!.join() === b!.join(),
        tolerance: 1e-4,
      };
    }),
  ),
  {
    name: 'matMul of int32 matrices',
    inputs: [ints([2, 2], [1, 2, 3, 4]), ints([2, 2], [5, 6, 7, 8])],
    run: (a, b) => tf.matMul(a!, b!),
  },
  {
    name: 'matMul of int32 batches [2, 1] and [1, 3]',
    inputs: [ints([2, 1, 1, 2], [1, 2, 3, 4]), ints([1, 3, 2, 1], [5, 6, 7, 8, 9, 10])],
    run: (a, b) => tf.matMul(a!, b!),
    right: (a, b) => repeated(a!, b!, false, false),
  },
  {
    name: 'matMul with an empty inner axis',
    inputs: [of(3, 0), of(0, 4)],
    run: (a, b) => tf.matMul(a!, b!),
  },
  {
    name: 'matMul passes NaN and infinity on',
    inputs: [{ shape: [2, 2], values: [NaN, 1, Infinity, 1] }, of(2, 9)],
    run: (a, b) => tf.matMul(a!, b!),
  },
  ...(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const).map(
    (activation): Case => ({
      name: `fused matMul with bias and ${activation}`,
      inputs: [of(5, 7), of(7, 9), of(9), of(9)],
      run: (a, b, bias, alpha) =>
        tf.fused.matMul({
          ...{ a: a!, b: b!, bias: bias!, activation, leakyreluAlpha: 0.3 },
          ...(activation === 'prelu' ? { preluActivationWeights: alpha! } : {}),
        }),
    }),
  ),
  {
    name: 'fused matMul with a scalar bias',
    inputs: [of(5, 7), of(7, 9), of()],
    run: (a, b, bias) => tf.fused.matMul({ a: a!, b: b!, bias: bias! }),
  },
];
