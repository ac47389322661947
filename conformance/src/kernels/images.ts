import * as tf from '@tensorflow/tfjs-core';
import { bools, type Case, floats, ints, of, positive } from './case';

const sizes: readonly (readonly [number, number])[] = [
  [7, 5],
  [2, 3],
  [1, 1],
  [4, 4],
];
const modes = [
  [false, false],
  [true, false],
  [false, true],
] as const;

type BatchNorm = (x: tf.Tensor, rest: tf.Tensor[]) => tf.Tensor;
const batchNorm: BatchNorm = (x, rest) =>
  tf.batchNorm(x, ...(rest as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D]));

/** Images, volumes, and what is made of pixels. */
export const imageCases: Case[] = [
  ...sizes.flatMap(size =>
    modes.flatMap(([alignCorners, halfPixelCenters]): Case[] => {
      const how = alignCorners ? ', corners aligned' : halfPixelCenters ? ', pixel centres' : '';
      // tfjs's gradient has its height and width exchanged, and does not know of pixel centres.
      const gradient = !halfPixelCenters;
      return [
        {
          name: `resizeBilinear to [${size}]${how}`,
          inputs: [of(2, 4, 4, 3)],
          run: x => tf.image.resizeBilinear(x as tf.Tensor4D, [...size], alignCorners, halfPixelCenters),
          gradient,
        },
        {
          name: `resizeNearestNeighbor to [${size}]${how}`,
          inputs: [of(2, 4, 4, 3)],
          run: x =>
            tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [...size], alignCorners, halfPixelCenters),
        },
        {
          // tfjs's gradient takes the first image for all images of a batch.
          name: `resizeNearestNeighbor to [${size}]${how}, gradient of one image`,
          inputs: [of(1, 4, 4, 3)],
          run: x =>
            tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [...size], alignCorners, halfPixelCenters),
          gradient,
        },
      ];
    }),
  ),
  {
    name: 'resize of an oblong image and of int32',
    inputs: [of(1, 3, 5, 2), ints([1, 2, 2, 1], [1, 5, 9, 13])],
    run: (x, y) => [
      tf.image.resizeBilinear(x as tf.Tensor4D, [6, 4]),
      tf.image.resizeBilinear(y as tf.Tensor4D, [3, 3]),
      tf.image.resizeNearestNeighbor(y as tf.Tensor4D, [4, 3]),
    ],
  },
  ...(['bilinear', 'nearest'] as const).map(
    (method): Case => ({
      name: `cropAndResize, ${method}, also beyond the image`,
      inputs: [
        of(2, 5, 6, 3),
        { shape: [4, 4], values: [0, 0, 1, 1, 0.1, 0.2, 0.7, 0.9, 0.8, 0.9, 0.2, 0.1, -0.3, 0.2, 1.4, 0.8] },
        ints([4], [0, 1, 1, 0]),
      ],
      run: (x, boxes, which) =>
        [
          [3, 4],
          [1, 1],
        ].map(size =>
          tf.image.cropAndResize(
            ...([
              x as tf.Tensor4D,
              boxes as tf.Tensor2D,
              which as tf.Tensor1D,
              size as [number, number],
            ] as const),
            ...([method, 0.25] as const),
          ),
        ),
    }),
  ),
  {
    name: 'flipLeftRight and rotateWithOffset',
    inputs: [of(2, 5, 4, 3)],
    run: x => [
      tf.image.flipLeftRight(x as tf.Tensor4D),
      tf.image.rotateWithOffset(x as tf.Tensor4D, 0.7),
      tf.image.rotateWithOffset(x as tf.Tensor4D, -1.9, [0.5, 0.25, 1], [0.2, 0.9]),
    ],
  },
  {
    name: 'nonMaxSuppression',
    inputs: [
      { shape: [4, 4], values: [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 2, 1, 3, 0, 2.1, 1, 3.1] },
      floats(0.9, 0.75, 0.6, 0.95),
    ],
    run: (boxes, scores) => [
      tf.image.nonMaxSuppression(boxes as tf.Tensor2D, scores as tf.Tensor1D, 3, 0.5, 0),
      ...Object.values(
        tf.image.nonMaxSuppressionWithScore(boxes as tf.Tensor2D, scores as tf.Tensor1D, 3, 0.5, 0, 0.5),
      ),
      ...Object.values(
        tf.image.nonMaxSuppressionPadded(boxes as tf.Tensor2D, scores as tf.Tensor1D, 4, 0.5, 0, true),
      ),
    ],
  },
  {
    name: 'mirrorPad',
    inputs: [of(3, 4), of(2, 3, 2)],
    run: (x, y) => [
      tf.mirrorPad(
        x!,
        [
          [1, 2],
          [3, 0],
        ],
        'reflect',
      ),
      tf.mirrorPad(
        x!,
        [
          [3, 1],
          [0, 4],
        ],
        'symmetric',
      ),
      tf.mirrorPad(
        y!,
        [
          [1, 0],
          [0, 0],
          [1, 1],
        ],
        'reflect',
      ),
    ],
  },
  {
    name: 'depthToSpace, spaceToBatchND, batchToSpaceND',
    inputs: [of(1, 2, 3, 8), of(1, 4, 5, 2), of(4, 2, 3, 2)],
    run: (x, y, z) => [
      tf.depthToSpace(x as tf.Tensor4D, 2, 'NHWC'),
      tf.spaceToBatchND(
        y!,
        [2, 2],
        [
          [0, 0],
          [1, 0],
        ],
      ),
      tf.batchToSpaceND(
        z!,
        [2, 2],
        [
          [1, 0],
          [0, 2],
        ],
      ),
    ],
  },
  {
    name: 'localResponseNormalization',
    inputs: [of(2, 3, 2, 7)],
    run: x => tf.localResponseNormalization(x as tf.Tensor4D, 2, 1.5, 0.3, 0.75),
    gradient: true,
  },
  {
    name: 'batchNorm of an image',
    inputs: [of(2, 3, 4, 5), of(5), positive(5), of(5), of(5)],
    run: (x, ...rest) => batchNorm(x!, rest),
    gradient: true,
  },
  {
    name: 'batchNorm without scale, and without scale and offset',
    inputs: [of(2, 3, 4, 5), of(5), positive(5), of(5)],
    run: (x, mean, variance, offset) => [
      batchNorm(x!, [mean!, variance!]),
      batchNorm(x!, [mean!, variance!, offset!]),
    ],
  },
  {
    name: 'strided slices with steps, masks and new axes',
    inputs: [of(4, 5, 6), bools([6], [1, 0, 0, 1, 1, 0])],
    run: (x, y) => [
      tf.stridedSlice(x!, [1, 0, 5], [4, 5, 0], [2, 3, -2]),
      tf.stridedSlice(x!, [0, 1, 0], [0, 3, 0], [1, 1, 1], 1, 5),
      tf.stridedSlice(x!, [0, 2], [0, 4], [1, 1], 0, 0, 1),
      tf.stridedSlice(x!, [0, 0, 1], [4, 0, 2], [1, 1, 1], 0, 0, 0, 2, 4),
      tf.stridedSlice(x!, [3, 1], [0, 2], [-1, 1]),
      tf.stridedSlice(y!, [-1], [-6], [-2]),
    ],
  },
];
