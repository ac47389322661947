import * as tf from '@tensorflow/tfjs-core';
import { type Case, of } from './case';

type Pad = 'same' | 'valid' | number;

/** Convolutions and pooling beyond images one by one: channels first, groups, volumes, uneven borders. */
export const volumeCases: Case[] = [
  ...(
    [
      [[1, 3, 6, 5], [3, 3, 3, 4], 1, 'same'],
      [[2, 2, 7, 7], [2, 3, 2, 3], 2, 'valid'],
    ] as const
  ).map(
    ([x, filter, stride, pad]): Case => ({
      name: `conv2d of channels first [${x}] * [${filter}] stride ${stride} pad ${pad}`,
      inputs: [of(...x), of(...filter)],
      run: (image, w) => tf.conv2d(image as tf.Tensor4D, w as tf.Tensor4D, stride, pad, 'NCHW'),
      gradient: true,
      tolerance: 1e-4,
    }),
  ),
  {
    name: 'conv2d with a border of its own on each side',
    inputs: [of(1, 5, 6, 2), of(3, 3, 2, 3)],
    run: (x, w) =>
      tf.conv2d(
        x as tf.Tensor4D,
        w as tf.Tensor4D,
        [2, 1],
        [
          [0, 0],
          [1, 2],
          [0, 3],
          [0, 0],
        ],
        'NHWC',
        1,
      ),
    gradient: true,
    tolerance: 1e-4,
  },
  {
    name: 'conv2d over an even window, where SAME pads more behind',
    inputs: [of(2, 6, 7, 3), of(4, 2, 3, 2)],
    run: (x, w) => [1, 2, 3].map(stride => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, 'same')),
    gradient: true,
    tolerance: 1e-4,
  },
  {
    name: 'conv2dTranspose',
    inputs: [of(2, 3, 4, 3), of(3, 3, 2, 3)],
    run: (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 6, 8, 2], 2, 'same'),
    gradient: true,
    tolerance: 1e-4,
  },
  {
    name: 'conv1d',
    inputs: [of(2, 9, 3), of(4, 3, 5)],
    run: (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, 'same'),
    gradient: true,
    tolerance: 1e-4,
  },
  ...(
    [
      [1, 'same', 1],
      [2, 'same', 1],
      [1, 'valid', 2],
      [2, 1, 1],
    ] as [number, Pad, number][]
  ).map(
    ([stride, pad, dilation]): Case => ({
      name: `depthwiseConv2d stride ${stride} pad ${pad} dilation ${dilation}`,
      inputs: [of(2, 6, 7, 3), of(3, 2, 3, 2)],
      run: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad, 'NHWC', dilation),
      gradient: dilation === 1,
      tolerance: 1e-4,
    }),
  ),
  ...(['linear', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const).map(
    (activation): Case => ({
      name: `fused conv2d and depthwiseConv2d with ${activation}`,
      inputs: [of(2, 5, 5, 3), of(3, 3, 3, 6), of(6), of(6), of(3, 3, 3, 2)],
      run: (x, filter, bias, alpha, depthwise) => {
        const common = {
          ...{
            x: x as tf.Tensor4D,
            bias: bias!,
            strides: 1,
            pad: 'same' as const,
            activation,
            leakyreluAlpha: 0.3,
          },
          ...(activation === 'prelu' ? { preluActivationWeights: alpha! } : {}),
        };
        return [
          tf.fused.conv2d({ ...common, filter: filter as tf.Tensor4D }),
          tf.fused.depthwiseConv2d({ ...common, filter: depthwise as tf.Tensor4D }),
        ];
      },
      tolerance: 1e-4,
    }),
  ),
  ...(
    [
      [[1, 4, 5, 6, 2], 3, 1, 'same'],
      [[2, 5, 4, 4, 1], 2, 2, 'valid'],
      [[1, 4, 4, 5, 2], 3, 2, 'same'],
    ] as [number[], number, number, Pad][]
  ).flatMap(([shape, window, stride, pad]): Case[] => [
    {
      name: `conv3d [${shape}] window ${window} stride ${stride} pad ${pad}`,
      inputs: [of(...shape), of(window, window, window, shape[4]!, 3)],
      run: (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, stride, pad as 'same'),
      gradient: true,
      tolerance: 1e-4,
    },
    {
      name: `maxPool3d and avgPool3d [${shape}] window ${window} stride ${stride} pad ${pad}`,
      inputs: [of(...shape)],
      run: x => [
        tf.maxPool3d(x as tf.Tensor5D, window, stride, pad),
        tf.avgPool3d(x as tf.Tensor5D, window, stride, pad),
      ],
      gradient: true,
    },
  ]),
  ...(
    [
      [[1, 4, 4, 1], 2, 2, 'valid'],
      [[2, 5, 6, 3], 3, 2, 'same'],
      [[2, 6, 6, 2], 3, 2, 'same'],
      [[1, 5, 5, 2], 2, 1, 'same'],
      [[2, 7, 5, 3], 2, 3, 'valid'],
    ] as [number[], number, number, Pad][]
  ).map(
    ([shape, window, stride, pad]): Case => ({
      name: `pools of [${shape}] window ${window} stride ${stride} pad ${pad}`,
      inputs: [of(...shape)],
      run: x => [
        tf.maxPool(x as tf.Tensor4D, window, stride, pad),
        tf.avgPool(x as tf.Tensor4D, window, stride, pad),
      ],
      gradient: true,
    }),
  ),
  ...(['same', 'valid'] as const).map(
    (pad): Case => ({
      name: `maxPoolWithArgmax pad ${pad}`,
      inputs: [of(2, 6, 6, 3)],
      run: x =>
        [false, true].flatMap(batch => {
          const { result, indexes } = tf.maxPoolWithArgmax(x as tf.Tensor4D, 3, 2, pad, batch);
          return [result!, indexes!];
        }),
    }),
  ),
];
