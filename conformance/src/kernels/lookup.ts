import * as tf from '@tensorflow/tfjs-core';
import { type Case, ints, of } from './case';

/** Gathering and scattering by index. */
export const lookupCases: Case[] = [
  ...[
    { x: [2, 5, 3, 4], ids: [2, 3], axis: 1, batchDims: 1 },
    { x: [2, 5, 3, 4], ids: [2, 5, 2], axis: 2, batchDims: 2 },
    { x: [2, 5, 3, 4], ids: [2, 2], axis: 3, batchDims: 1 },
    { x: [4, 3], ids: [1], axis: 0, batchDims: 0 },
    { x: [4, 3], ids: [2, 1, 2], axis: -1, batchDims: 0 },
  ].map(
    ({ x, ids, axis, batchDims }): Case => ({
      name: `gather from [${x}] by [${ids}] along ${axis} with ${batchDims} batch axes`,
      inputs: [
        of(...x),
        ints(
          ids,
          Array.from({ length: ids.reduce((p, q) => p * q, 1) }, (_, i) => (i * 2) % 3),
        ),
      ],
      run: (table, places) => tf.gather(table!, places as tf.Tensor1D, axis, batchDims),
      gradient: batchDims === 0,
    }),
  ),
  {
    name: 'gather with nothing to gather',
    inputs: [of(4, 3), ints([0], [])],
    run: (x, ids) => [tf.gather(x!, ids as tf.Tensor1D), tf.gather(x!, ids as tf.Tensor1D, 1)],
  },
  {
    name: 'gather repeats a row, and its gradient adds up',
    inputs: [of(4, 3), ints([6], [1, 1, 3, 1, 0, 3])],
    run: (x, ids) => tf.gather(x!, ids as tf.Tensor1D),
    gradient: true,
  },
  {
    name: 'gatherND of numbers, rows and planes',
    inputs: [
      of(2, 3, 4),
      ints([2, 3], [0, 1, 2, 1, 2, 3]),
      ints([3, 2], [0, 0, 1, 2, 1, 2]),
      ints([2, 2, 1], [1, 0, 0, 1]),
    ],
    run: (x, numbers, rows, planes) => [
      tf.gatherND(x!, numbers!),
      tf.gatherND(x!, rows!),
      tf.gatherND(x!, planes!),
    ],
  },
  {
    name: 'scatterND adds up what falls together',
    inputs: [
      ints([4, 1], [1, 1, 3, 0]),
      of(4),
      of(4, 2),
      ints([3, 2], [0, 1, 2, 0, 0, 1]),
      ints([3], [5, 6, 7]),
    ],
    run: (ids, numbers, rows, pairs, whole) => [
      tf.scatterND(ids!, numbers!, [5]),
      tf.scatterND(ids!, rows!, [4, 2]),
      tf.scatterND(pairs!, whole!, [3, 2]),
    ],
  },
  {
    name: 'sparseToDense',
    inputs: [ints([3], [4, 0, 2]), of(3), ints([2, 2], [0, 1, 1, 2]), ints([2], [5, 6])],
    run: (ids, values, pairs, whole) => [
      tf.sparseToDense(ids!, values!, [6], 0.5),
      tf.sparseToDense(ids!, tf.scalar(3), [6]),
      tf.sparseToDense(pairs!, whole!, [2, 3], tf.scalar(-1, 'int32')),
    ],
  },
  {
    name: 'unsortedSegmentSum of vectors and volumes',
    inputs: [of(5), of(5, 2, 3), ints([5], [2, 0, 2, 2, 1])],
    run: (x, y, ids) => [
      tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 4),
      tf.unsortedSegmentSum(y!, ids as tf.Tensor1D, 3),
    ],
    gradient: true,
  },
];
