import * as tf from '@tensorflow/tfjs-core';
import { type Case, ints, of } from './case';

/** Tensors without numbers. */
export const emptyCases: Case[] = [
  {
    name: 'element by element',
    inputs: [of(0, 3), of(3), ints([0], [])],
    run: (x, y, ids) => [
      ...[
        tf.add(x!, y!),
        tf.mul(x!, 2),
        tf.greater(x!, y!),
        tf.where(tf.greater(x!, y!), x!, y!),
        tf.cast(x!, 'int32'),
      ],
      ...[
        tf.cast(x!, 'bool'),
        tf.clipByValue(x!, 0, 1),
        tf.leakyRelu(x!),
        tf.floorDiv(ids!, ids!),
        tf.mod(ids!, ids!),
      ],
      ...[
        tf.zerosLike(x!),
        tf.onesLike(ids!),
        tf.addN([x!, x!]),
        tf.squaredDifference(x!, y!),
        tf.sign(x!),
        tf.step(x!),
      ],
    ],
  },
  {
    name: 'sums over what there is not',
    inputs: [of(0, 3), of(2, 0)],
    run: (x, y) => [
      tf.sum(x!),
      tf.sum(x!, 0),
      tf.sum(x!, 1),
      tf.sum(y!, 1, true),
      tf.prod(y!, 1),
      tf.cumsum(x!, 0),
      tf.cumsum(y!, 1, true),
    ],
  },
  {
    name: 'moving',
    inputs: [of(0, 3), of(2, 0)],
    run: (x, y) => [
      ...[
        tf.transpose(x!),
        tf.reshape(x!, [3, 0]),
        tf.reverse(x!, 1),
        tf.tile(x!, [2, 2]),
        tf.tile(y!, [2, 3]),
      ],
      ...[
        tf.concat([x!, x!], 0),
        tf.concat([x!, x!], 1),
        tf.stack([x!, x!], 1),
        tf.expandDims(y!, 0),
        tf.slice(x!, [0, 1], [0, 2]),
      ],
      ...[
        tf.pad(
          x!,
          [
            [1, 1],
            [0, 0],
          ],
          2,
        ),
        ...tf.split(x!, 3, 1),
        tf.gather(x!, tf.tensor1d([2, 0], 'int32'), 1),
      ],
    ],
  },
  {
    name: 'products',
    inputs: [of(0, 3), of(3, 4), of(3, 0), of(2, 0, 3), of(2, 3, 4)],
    run: (a, b, c, d, e) => [
      tf.matMul(a!, b!),
      tf.matMul(b!, c!, true),
      tf.matMul(c!, a!),
      tf.matMul(d!, e!),
    ],
  },
  {
    name: 'softmax',
    inputs: [of(0, 3)],
    run: x => [tf.softmax(x!), tf.logSoftmax(x!)],
  },
];
