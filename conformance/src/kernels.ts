import { Random } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** An operand: normal random numbers of a shape, or given values. */
interface Operand {
  readonly shape: readonly number[];
  readonly values?: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** Random numbers are drawn from |N(0, 1)| + 0.1 instead. */
  readonly positive?: boolean;
}

type Function = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

interface Case {
  readonly name: string;
  readonly inputs: readonly Operand[];
  readonly run: Function;
  /** Compare the gradients of the float32 inputs as well. */
  readonly gradient?: boolean;
  /** Largest difference relative to max(1, |expected|). */
  readonly tolerance?: number;
}

const of = (...shape: number[]): Operand => ({ shape });
const positive = (...shape: number[]): Operand => ({ shape, positive: true });
const ints = (shape: number[], values: number[]): Operand => ({ shape, values, dtype: 'int32' });
const bools = (shape: number[], values: number[]): Operand => ({ shape, values, dtype: 'bool' });
const floats = (...values: number[]): Operand => ({ shape: [values.length], values });

/** Numbers at which elementary functions go wrong. */
const HARD = [
  0, -0, 1, -1, 1e-30, -1e-30, 1e-40, 0.5, -0.624, 0.626, 88.5, -87.5, -103, 89, -110, 1e30, -1e30,
];
const SPECIAL = [...HARD, Infinity, -Infinity, NaN, 20, -20, 9.01];

const binaryOps = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference'] as const;
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

const binaryCases: Case[] = binaryOps.flatMap(op => [
  ...broadcasts.map(([a, b]): Case => {
    const divisor = op === 'div' ? { ...b, positive: true } : b;
    // tfjs has no right gradient for these three where they broadcast.
    const same = a.shape.join() === b.shape.join();
    const gradient = same || op === 'add' || op === 'sub' || op === 'mul' || op === 'div';
    return {
      name: `${op} [${a.shape}] [${b.shape}]`,
      inputs: [a, divisor],
      run: (x, y) => tf[op](x!, y!),
      gradient: gradient && a.shape[0] !== 0,
    };
  }),
  {
    name: `${op} of infinities and NaN`,
    inputs: [
      floats(1, NaN, Infinity, -Infinity, 0, NaN, 5, 0),
      floats(NaN, 1, Infinity, Infinity, 0, NaN, Infinity, -0),
    ],
    run: (x, y) => tf[op](x!, y!),
  },
  {
    name: `${op} of int32`,
    inputs: [ints([2, 3], [7, -5, 3, 0, 9, 100]), ints([3], [2, 3, -4])],
    run: (x, y) => tf[op](x!, y!),
  },
]);

const unaryOps: readonly (readonly [string, (x: tf.Tensor) => tf.Tensor, 'any' | 'positive'])[] = [
  ['relu', tf.relu, 'any'],
  ['step', x => tf.step(x, 0.25), 'any'],
  ['exp', tf.exp, 'any'],
  ['log', tf.log, 'positive'],
  ['sqrt', tf.sqrt, 'positive'],
  ['rsqrt', tf.rsqrt, 'positive'],
  ['square', tf.square, 'any'],
  ['neg', tf.neg, 'any'],
  ['abs', tf.abs, 'any'],
  ['tanh', tf.tanh, 'any'],
  ['sigmoid', tf.sigmoid, 'any'],
  ['reciprocal', tf.reciprocal, 'positive'],
  ['softplus', tf.softplus, 'any'],
  ['erf', tf.erf, 'any'],
  ['elu', tf.elu, 'any'],
  ['relu6', tf.relu6, 'any'],
  ['leakyRelu', x => tf.leakyRelu(x), 'any'],
  ['cos', tf.cos, 'any'],
  ['pow', x => tf.pow(x, 3), 'any'],
];

const unaryCases: Case[] = unaryOps.flatMap(([name, op, domain]) => [
  {
    name: `${name} [3, 37]`,
    inputs: [domain === 'any' ? of(3, 37) : positive(3, 37)],
    run: x => op(x!),
    gradient: true,
  },
  { name: `${name} of an empty tensor`, inputs: [of(0, 3)], run: x => op(x!) },
  { name: `${name} of 50,001 numbers`, inputs: [positive(50_001)], run: x => op(x!) },
  { name: `${name} where it is hard`, inputs: [floats(...SPECIAL)], run: x => op(x!), tolerance: 3e-6 },
]);

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

const reductionCases: Case[] = (['sum', 'mean', 'max', 'min'] as const).flatMap(op => [
  ...reductions.flatMap(([shape, axis]): Case[] =>
    [false, true].map(keep => ({
      name: `${op} of [${shape}] over ${axis ?? 'all'}${keep ? ', kept' : ''}`,
      inputs: [of(...shape)],
      run: x => tf[op](x!, axis, keep),
      gradient: shape.length > 0 && (op !== 'min' || axis !== undefined),
    })),
  ),
  {
    name: `${op} with NaN and infinity`,
    inputs: [{ shape: [3, 5], values: [1, NaN, 2, 3, 4, 1, 2, Infinity, 4, 5, -Infinity, 0, 1, 2, 3] }],
    run: x => tf[op](x!, 1),
  },
]);

const matrixCases: Case[] = [
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
  ].flatMap(([a, b]): Case[] =>
    [0, 1, 2, 3].map(t => {
      const [ta, tb] = [(t & 1) === 1, (t & 2) === 2];
      return {
        name: `matMul of batches [${a}] and [${b}]${ta ? ' aᵀ' : ''}${tb ? ' bᵀ' : ''}`,
        inputs: [of(...a!, ...(ta ? [6, 9] : [9, 6])), of(...b!, ...(tb ? [11, 6] : [6, 11]))],
        run: (x, y) => tf.matMul(x!, y!, ta, tb),
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

const convolutionCases: Case[] = [
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

const movementCases: Case[] = [
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
      const y = x!.reshape([12]);
      const z = y.add(1);
      y.dispose();
      return [z, x!.mul(2), tf.squeeze(tf.expandDims(x!, 1))];
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

const otherCases: Case[] = [
  {
    name: 'casts',
    inputs: [
      floats(1.7, -1.7, 0, NaN, Infinity, -Infinity, 3e9, -3e9, 1e20, 0.2, -0),
      ints([5], [3, -2, 0, 2 ** 30, -(2 ** 31)]),
      bools([5], [1, 0, 1, 1, 0]),
    ],
    run: (f, i, b) => [
      ...[f!.toInt(), f!.toBool(), f!.toFloat(), i!.toFloat(), i!.toBool(), b!.toFloat(), b!.toInt()],
      b!.toInt().toFloat().add(1),
      i!.toFloat().mul(0.5),
    ],
  },
  {
    name: 'constants',
    inputs: [of(3, 5), ints([2], [1, 2]), bools([2], [1, 0])],
    run: (f, i, b) => [
      ...[tf.zerosLike(f!), tf.onesLike(f!), tf.zerosLike(i!), tf.onesLike(i!), tf.zerosLike(b!)],
      ...[tf.fill([2, 3], 0.25), tf.fill([4], -7, 'int32'), tf.zeros([3]), tf.ones([2, 2], 'int32')],
    ],
  },
  ...[
    [4, 9],
    [2, 3, 130],
    [1, 1],
  ].map(
    (shape): Case => ({
      name: `softmax and logSoftmax [${shape}]`,
      inputs: [of(...shape)],
      run: x => tf.add(tf.softmax(x!), tf.logSoftmax(x!)),
      gradient: true,
    }),
  ),
  {
    name: 'softmax of large numbers and −∞',
    inputs: [
      { shape: [2, 5], values: [1000, 999, -1000, -Infinity, 998, -1e30, -1e30, -1e30, -1e30, -1e30] },
    ],
    run: x => tf.softmax(x!),
  },
  { name: 'logSumExp', inputs: [of(3, 8)], run: x => tf.logSumExp(x!, 1), gradient: true },
  { name: 'addN', inputs: [of(3, 5), of(3, 5), of(3, 5)], run: (...all) => tf.addN(all), gradient: true },
  {
    name: 'comparisons and logic',
    inputs: [of(3, 5), of(5)],
    run: (x, y) => [
      ...[tf.greater(x!, y!), tf.lessEqual(x!, y!), tf.equal(x!, x!), tf.notEqual(x!, y!)],
      ...[tf.logicalAnd(tf.greater(x!, y!), tf.less(x!, 0)), tf.logicalNot(tf.greater(x!, y!))],
      ...[tf.any(tf.greater(x!, y!)), tf.all(tf.greater(x!, y!), 1)],
    ],
  },
  {
    name: 'argMax, topk, oneHot, range, cumsum',
    inputs: [of(4, 6), ints([3], [2, 0, 5])],
    run: (x, ids) => [
      ...[tf.argMax(x!, 1), tf.argMin(x!, 0), tf.oneHot(ids!, 6), tf.range(0, 7, 2), tf.cumsum(x!, 1)],
      ...[tf.topk(x!, 3).values, tf.topk(x!, 3).indices],
    ],
  },
  {
    name: 'scatterND, gatherND, tensorScatterUpdate',
    inputs: [of(3, 4), ints([2, 1], [2, 0]), of(2, 4)],
    run: (x, ids, updates) => [
      tf.scatterND(ids!, updates!, [3, 4]),
      tf.gatherND(x!, ids!),
      tf.tensorScatterUpdate(x!, ids!, updates!),
      x!.mul(1),
    ],
  },
  {
    name: 'einsum',
    inputs: [of(2, 3, 4), of(2, 5, 4)],
    run: (x, y) => tf.einsum('bqd,bkd->bqk', x!, y!),
  },
  {
    name: 'resizeBilinear',
    inputs: [of(1, 4, 4, 2)],
    run: x => tf.image.resizeBilinear(x as tf.Tensor4D, [7, 5]),
  },
  {
    name: 'batchNorm',
    inputs: [of(4, 5), of(5), positive(5), of(5), of(5)],
    run: (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x!,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
  },
  {
    name: 'moments and a layer norm composed of plain ops',
    inputs: [of(6, 32), of(32), of(32)],
    run: (x, gamma, beta) => {
      const { mean, variance } = tf.moments(x!, -1, true);
      return x!
        .sub(mean)
        .mul(tf.rsqrt(variance.add(1e-6)))
        .mul(gamma!)
        .add(beta!);
    },
    gradient: true,
  },
  { name: 'clipByValue', inputs: [of(3, 9)], run: x => tf.clipByValue(x!, -0.5, 0.5), gradient: true },
  {
    name: 'fft round trip',
    inputs: [of(8)],
    run: x => tf.real(tf.ifft(tf.fft(tf.complex(x!, tf.zerosLike(x!))))),
  },
];

const groups: readonly (readonly [string, readonly Case[]])[] = [
  ['arithmetic', binaryCases],
  ['functions', unaryCases],
  ['reductions', reductionCases],
  ['matrix products', matrixCases],
  ['convolutions and pooling', convolutionCases],
  ['movement', movementCases],
  ['the rest', otherCases],
];

/**
 * The standard tfjs kernels on `backendName` against tfjs's CPU backend, forward and gradient. `ready` registers the
 * backend; the one that was current before comes back afterwards.
 */
export function describeKernels(backendName: string, ready: () => Promise<void>): void {
  describe(`standard kernels on ${backendName} equal the CPU backend's`, () => {
    let before: string;
    beforeAll(async () => {
      await ready();
      before = tf.getBackend();
    });
    afterAll(async () => {
      if (before) await tf.setBackend(before);
    });

    for (const [group, cases] of groups) {
      describe(group, () => {
        for (const testCase of cases) {
          it(testCase.name, async () => {
            const expected = await evaluate('cpu', testCase);
            const actual = await evaluate(backendName, testCase);
            expectClose(actual, expected, testCase.tolerance ?? 1e-5);
          });
        }
      });
    }
  });
}

/** An output or gradient, read back. */
interface Result {
  readonly what: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: ArrayLike<number>;
}

async function evaluate(backendName: string, { name, inputs, run, gradient }: Case): Promise<Result[]> {
  await tf.setBackend(backendName);
  const before = tf.memory().numTensors;
  const random = Random.fromSeed(1).fork(name);
  const operands = inputs.map((operand, index) => makeTensor(operand, random.fork(index)));
  const tensors = tf.tidy(() => {
    const outputs = [run(...operands)].flat();
    const named: [string, tf.Tensor][] = outputs.map((output, i) => [`output ${i}`, output]);
    if (gradient) {
      // The same cotangent on every backend: it depends on the case alone.
      const f = (...xs: tf.Tensor[]): tf.Scalar => {
        const ys = [run(...xs)].flat();
        const terms = ys.map((y, i) =>
          y.mul(makeTensor(of(...y.shape), random.fork(`cotangent ${i}`))).sum(),
        );
        return tf.addN(terms) as tf.Scalar;
      };
      const differentiable = operands.filter(({ dtype }) => dtype === 'float32');
      const g = tf.grads((...xs) =>
        f(...operands.map(x => (x.dtype === 'float32' ? xs[differentiable.indexOf(x)]! : x))),
      );
      g(differentiable).forEach((gradientOfInput, i) => {
        named.push([`gradient ${i}`, gradientOfInput]);
      });
    }
    // Held apart, so that an input returned as it is survives.
    return Object.fromEntries(named.map(([what, tensor]) => [what, tensor.clone()]));
  });
  const results: Result[] = [];
  for (const [what, tensor] of Object.entries(tensors)) {
    results.push({ what, shape: tensor.shape, dtype: tensor.dtype, values: await tensor.data() });
  }
  tf.dispose([tensors, operands]);
  expect(tf.memory().numTensors, `${backendName} leaks tensors`).toBe(before);
  return results;
}

function makeTensor(
  { shape, values, dtype = 'float32', positive: above = false }: Operand,
  random: Random,
): tf.Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const drawn =
    values ?? Array.from({ length: size }, () => (above ? Math.abs(random.normal()) + 0.1 : random.normal()));
  return tf.tensor([...drawn], [...shape], dtype);
}

function expectClose(actual: readonly Result[], expected: readonly Result[], tolerance: number): void {
  expect(actual.map(({ what, shape, dtype }) => ({ what, shape, dtype }))).toEqual(
    expected.map(({ what, shape, dtype }) => ({ what, shape, dtype })),
  );
  expected.forEach(({ what, values }, output) => {
    for (let i = 0; i < values.length; i++) {
      const [a, e] = [actual[output]!.values[i]!, values[i]!];
      const same = Object.is(a, e) || a === e || Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e));
      if (!same) expect.fail(`${what}[${i}] is ${a}, the CPU backend has ${e}`);
    }
  });
}
