import * as tf from '@tensorflow/tfjs-core';
import { bools, type Case, ints, of } from './case';

const transpositions: readonly (readonly [number[], number[]])[] = [
  [
    [7, 9],
    [1, 0],
  ],
  [
    [130, 67],
    [1, 0],
  ],
  [
    [3, 4, 5],
    [2, 1, 0],
  ],
  [
    [3, 4, 5],
    [0, 2, 1],
  ],
  [
    [3, 4, 5],
    [1, 0, 2],
  ],
  [
    [2, 3, 4, 5],
    [0, 2, 1, 3],
  ],
  [
    [2, 3, 4, 5],
    [0, 2, 3, 1],
  ],
  [
    [2, 3, 4, 5, 2],
    [3, 1, 4, 0, 2],
  ],
  [
    [2, 1, 3, 2, 2, 3],
    [5, 3, 1, 4, 0, 2],
  ],
  [
    [2, 3, 2, 3, 2, 3],
    [5, 3, 1, 4, 0, 2],
  ],
  [
    [0, 3],
    [1, 0],
  ],
  [[4], [0]],
];

/** What moves numbers and computes none. */
export const shapeCases: Case[] = [
  ...transpositions.map(
    ([shape, perm]): Case => ({
      name: `transpose [${shape}] by [${perm}]`,
      inputs: [of(...shape)],
      run: x => tf.transpose(x!, perm),
      gradient: shape[0] !== 0,
    }),
  ),
  {
    name: 'transpose of int32 and bool',
    inputs: [ints([2, 3], [1, 2, 3, 4, 5, 6]), bools([2, 2], [1, 0, 0, 1])],
    run: (x, y) => [tf.transpose(x!), tf.transpose(y!)],
  },
  {
    name: 'reshape shares data that another tensor still needs',
    inputs: [of(3, 4)],
    run: x => {
      const y = tf.reshape(x!, [12]);
      const z = tf.add(y, 1);
      y.dispose();
      return [z, tf.mul(x!, 2), tf.squeeze(tf.expandDims(x!, 1))];
    },
    gradient: true,
  },
  {
    name: 'slice',
    inputs: [of(5, 6, 7)],
    run: x => [
      tf.slice(x!, [1, 2, 3], [3, 2, 4]),
      tf.slice(x!, [2], [2]),
      tf.slice(x!, [0, 5, 0], [5, 1, 7]),
      tf.slice(x!, [5, 0, 0], [0, 6, 7]),
    ],
  },
  {
    name: 'slice gradient',
    inputs: [of(5, 6, 7)],
    run: x => tf.slice(x!, [1, 2, 3], [3, 2, 4]),
    gradient: true,
  },
  {
    name: 'strided slice and reverse',
    inputs: [of(5, 6)],
    run: x => [tf.stridedSlice(x!, [0, 5], [5, 0], [2, -2]), tf.reverse(x!, 1)],
  },
  ...[0, 1, 2].map(
    (axis): Case => ({
      name: `concat along ${axis}`,
      inputs: [0, 1, 2].map(i => of(...[3, 4, 5].map((size, a) => (a === axis ? i + 1 : size)))),
      run: (...parts) => tf.concat(parts, axis),
      gradient: true,
    }),
  ),
  {
    name: 'concat of one and of empty tensors',
    inputs: [of(0, 3), of(2, 3), of(0, 3)],
    run: (a, b, c) => [tf.concat([a!, b!, c!], 0), tf.concat([b!], 1), tf.concat([a!, c!], 0)],
  },
  {
    name: 'stack, unstack and split',
    inputs: [of(3, 4), of(3, 4)],
    run: (a, b) => [
      tf.stack([a!, b!], 0),
      tf.stack([a!, b!], 1),
      tf.stack([a!, b!], 2),
      ...tf.unstack(a!, 1),
      ...tf.split(a!, [1, 3], 1),
      ...tf.split(a!, 3, 0),
    ],
  },
  {
    name: 'stack gradient',
    inputs: [of(3, 4), of(3, 4)],
    run: (a, b) => tf.stack([a!, b!], 1),
    gradient: true,
  },
  {
    name: 'pad',
    inputs: [of(3, 4, 2)],
    run: x =>
      tf.pad(
        x!,
        [
          [1, 0],
          [2, 3],
          [0, 1],
        ],
        0.5,
      ),
    gradient: true,
  },
  { name: 'tile', inputs: [of(2, 3, 4)], run: x => tf.tile(x!, [2, 1, 3]), gradient: true },
  { name: 'broadcastTo', inputs: [of(3, 1)], run: x => tf.broadcastTo(x!, [2, 3, 4]), gradient: true },
  ...[0, 1, 2].map(
    (axis): Case => ({
      name: `gather along ${axis}`,
      inputs: [of(4, 5, 6), ints([2, 3], [3, 0, 1, 1, 3, 2])],
      run: (x, ids) => tf.gather(x!, ids as tf.Tensor2D, axis),
      gradient: true,
    }),
  ),
  {
    name: 'gather in batches',
    inputs: [of(2, 5, 6), ints([2, 3], [3, 0, 1, 1, 4, 2])],
    run: (x, ids) => tf.gather(x!, ids as tf.Tensor2D, 1, 1),
  },
  {
    name: 'unsortedSegmentSum drops ids out of range',
    inputs: [of(7, 19), ints([7], [0, 2, 2, 5, 1, -1, 9])],
    run: (x, ids) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 6),
  },
  {
    name: 'where',
    inputs: [
      bools(
        [3, 7],
        Array.from({ length: 21 }, (_, i) => ((i * 5) % 3 === 0 ? 1 : 0)),
      ),
      of(3, 7),
      of(3, 7),
    ],
    run: (c, x, y) => tf.where(c!, x!, y!),
    gradient: true,
  },
];
