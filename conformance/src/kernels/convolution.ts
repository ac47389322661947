import * as tf from '@tensorflow/tfjs-core';
import { type Case, of } from './case';

interface Convolution {
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly stride: number;
  readonly pad: 'same' | 'valid' | number;
  readonly dilation?: number;
}
const convolutions: readonly Convolution[] = [
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 4], stride: 1, pad: 'same' },
  { x: [2, 9, 8, 3], filter: [7, 7, 3, 5], stride: 2, pad: 'same' },
  { x: [1, 7, 7, 5], filter: [3, 2, 5, 8], stride: 2, pad: 'valid' },
  { x: [3, 4, 4, 6], filter: [1, 1, 6, 9], stride: 1, pad: 'same' },
  { x: [3, 5, 5, 6], filter: [1, 1, 6, 9], stride: 2, pad: 'same' },
  { x: [1, 6, 7, 2], filter: [3, 3, 2, 3], stride: 1, pad: 2 },
  { x: [2, 3, 3, 4], filter: [5, 5, 4, 3], stride: 1, pad: 'same' },
  { x: [1, 9, 9, 2], filter: [3, 3, 2, 3], stride: 1, pad: 'same', dilation: 2 },
];

/** Convolutions and pooling. */
export const convolutionCases: Case[] = [
  ...convolutions.map(
    ({ x, filter, stride, pad, dilation = 1 }): Case => ({
      name: `conv2d [${x}] * [${filter}] stride ${stride} pad ${pad} dilation ${dilation}`,
      inputs: [of(...x), of(...filter)],
      run: (image, w) => tf.conv2d(image as tf.Tensor4D, w as tf.Tensor4D, stride, pad, 'NHWC', dilation),
      gradient: dilation === 1,
      tolerance: 1e-4,
    }),
  ),
  {
    name: 'fused conv2d with bias and relu',
    inputs: [of(2, 5, 5, 3), of(3, 3, 3, 4), of(4)],
    run: (x, filter, bias) =>
      tf.fused.conv2d({
        ...{ x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, bias: bias!, strides: 1 },
        ...{ pad: 'same', activation: 'relu' },
      }),
  },
  ...[
    { x: [2, 6, 6, 5], window: 3, stride: 2, pad: 'same' as const },
    { x: [3, 5, 7, 8], window: 2, stride: 2, pad: 'valid' as const },
    { x: [2, 5, 5, 3], window: 3, stride: 1, pad: 'same' as const },
    { x: [2, 5, 5, 1], window: 3, stride: 3, pad: 1 },
  ].map(
    ({ x, window, stride, pad }): Case => ({
      name: `maxPool [${x}] window ${window} stride ${stride} pad ${pad}`,
      inputs: [of(...x)],
      run: image => tf.maxPool(image as tf.Tensor4D, window, stride, pad),
      gradient: true,
    }),
  ),
  {
    name: 'maxPool gives the gradient to the first of equal pixels',
    inputs: [{ shape: [2, 4, 4, 2], values: new Array<number>(64).fill(1) }],
    run: image => tf.maxPool(image as tf.Tensor4D, 3, 2, 'same'),
    gradient: true,
  },
  {
    name: 'avgPool [2, 5, 5, 3]',
    inputs: [of(2, 5, 5, 3)],
    run: image => tf.avgPool(image as tf.Tensor4D, 3, 2, 'same'),
    gradient: true,
  },
  {
    name: 'depthwiseConv2d [2, 5, 5, 3]',
    inputs: [of(2, 5, 5, 3), of(3, 3, 3, 2)],
    run: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
    gradient: true,
  },
];
