import * as tf from '@tensorflow/tfjs-core';
import { type Case, of } from './case';

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const reductionOps: readonly (readonly [name: string, op: Reduction])[] = [
  ['sum', tf.sum],
  ['mean', tf.mean],
  ['max', tf.max],
  ['min', tf.min],
];

const reductions: readonly (readonly [number[], number | number[] | undefined])[] = [
  [[7, 33], 1],
  [[7, 33], 0],
  [[5, 6, 7], 1],
  [
    [5, 6, 7],
    [0, 2],
  ],
  [[5, 6, 7], undefined],
  [
    [2, 3, 4, 5],
    [1, 3],
  ],
  [
    [2, 3, 4, 5],
    [0, 1, 2],
  ],
  [[3, 1, 4], [1]],
  [[1500, 20], 0],
  [[2, 700, 3], 1],
  [[20_011], 0],
  [[], []],
];

/** Sums and extremes over some axes. */
export const reductionCases: Case[] = reductionOps.flatMap(([name, op]) => [
  ...reductions.flatMap(([shape, axis]): Case[] =>
    [false, true].map(keep => ({
      name: `${name} of [${shape}] over ${axis ?? 'all'}${keep ? ', kept' : ''}`,
      inputs: [of(...shape)],
      run: x => op(x!, axis, keep),
      gradient: shape.length > 0 && (name !== 'min' || axis !== undefined),
    })),
  ),
  {
    name: `${name} with NaN and infinity`,
    inputs: [{ shape: [3, 5], values: [1, NaN, 2, 3, 4, 1, 2, Infinity, 4, 5, -Infinity, 0, 1, 2, 3] }],
    run: x => op(x!, 1),
  },
]);
