import * as tf from '@tensorflow/tfjs-core';
import { bools, type Case, ints, of } from './case';

const directions = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** Sums and products of what stands before, sorting, searching and counting. */
export const scanCases: Case[] = [
  ...[0, 1, 2].flatMap(axis =>
    directions.map(
      ([exclusive, reverse]): Case => ({
        name: `cumsum and cumprod along ${axis}${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`,
        inputs: [of(3, 4, 5)],
        run: x => [tf.cumsum(x!, axis, exclusive, reverse), tf.cumprod(x!, axis, exclusive, reverse)],
      }),
    ),
  ),
  {
    name: 'cumsum gradient',
    inputs: [of(3, 4)],
    run: x => tf.cumsum(x!, 1, true, true),
    gradient: true,
  },
  {
    name: 'cumsum of int32 and bool',
    inputs: [ints([4], [3, -1, 2, 5]), bools([4], [1, 0, 1, 1])],
    run: (x, y) => [tf.cumsum(x!), tf.cumsum(y!), tf.cumsum(y!, 0, true)],
  },
  ...[
    [[4, 5], 0],
    [[4, 5], 1],
    [
      [2, 3, 4],
      [0, 2],
    ],
    [[2, 3, 4], undefined],
    [[], []],
  ].map(
    ([shape, axis]): Case => ({
      name: `prod of [${shape}] over ${axis ?? 'all'}`,
      inputs: [of(...(shape as number[]))],
      run: x => [tf.prod(x!, axis as number[]), tf.prod(x!, axis as number[], true)],
      gradient: (shape as number[]).length > 0,
    }),
  ),
  {
    name: 'argMax and argMin take the first of equal numbers',
    inputs: [{ shape: [2, 5], values: [1, 3, 3, 0, 0, 2, 2, 2, 2, 2] }],
    run: x => [
      tf.argMax(x!, 1),
      tf.argMin(x!, 1),
      tf.argMax(x!, 0),
      tf.argMin(x!, -1),
      tf.argMax(tf.reshape(x!, [10])),
    ],
  },
  {
    name: 'topk takes the first of equal numbers',
    inputs: [{ shape: [2, 6], values: [1, 3, 3, 0, 3, 1, 2, 2, 2, 2, 2, 2] }, ints([5], [4, 9, -1, 9, 0])],
    run: (x, y) => [x!, y!].flatMap(z => [1, 3, 5].flatMap(k => Object.values(tf.topk(z, k)))),
  },
  {
    name: 'topk of a row as long as asked for',
    inputs: [of(2, 3, 4)],
    run: x => Object.values(tf.topk(x!, 4)),
  },
  {
    name: 'unique keeps the order of first places',
    inputs: [
      ints([7], [9, 2, 9, -1, 2, 2, 5]),
      { shape: [4, 2], values: [3, 1, 0, 2, 3, 1, 0, 1] },
      { shape: [2, 4], values: [3, 0, 3, 0, 1, 2, 1, 2] },
    ],
    run: (x, rows, columns) => [
      ...[tf.unique(x!), tf.unique(rows!, 0), tf.unique(columns!, 1)].flatMap(({ values, indices }) => [
        values,
        indices,
      ]),
    ],
  },
  {
    name: 'lowerBound and upperBound',
    inputs: [
      { shape: [1, 6], values: [-1, 0, 0, 3, 9, 9] },
      { shape: [1, 6], values: [0, 9, 2, -5, 10, 3] },
    ],
    run: (sorted, x) => [tf.lowerBound(sorted!, x!), tf.upperBound(sorted!, x!)],
  },
  {
    name: 'bincount and denseBincount',
    inputs: [ints([6], [0, 3, 1, 3, 9, 0]), of(6), ints([2, 3], [0, 1, 1, 3, 3, 5]), of(2, 3)],
    run: (x, weights, rows, rowWeights) => [
      ...[
        tf.bincount(x as tf.Tensor1D, weights as tf.Tensor1D, 4),
        tf.bincount(x as tf.Tensor1D, tf.tensor1d([]), 5),
      ],
      ...[
        tf.denseBincount(rows as tf.Tensor2D, rowWeights as tf.Tensor2D, 4),
        tf.denseBincount(rows as tf.Tensor2D, tf.tensor2d([], [0, 0]), 6, true),
      ],
    ],
  },
  {
    name: 'oneHot of several shapes, values and types; ids out of range have none',
    inputs: [ints([2, 2], [0, 3, -1, 2])],
    run: x => [
      tf.oneHot(x!, 4),
      tf.oneHot(x!, 3, 5, -2),
      tf.oneHot(x!, 4, 1, 0, 'int32'),
      tf.oneHot(x!, 4, 1, 0, 'bool'),
    ],
  },
  {
    name: 'range and linspace',
    inputs: [],
    run: () => [
      ...[tf.range(0, 5), tf.range(5, 0), tf.range(0, 1, 0.25), tf.range(3, -3, -2, 'int32'), tf.range(2, 2)],
      ...[tf.range(-1, 6, 3, 'int32'), tf.linspace(0, 1, 5), tf.linspace(3, 3, 1), tf.linspace(2, -2, 9)],
    ],
  },
];
