import { ConfigError, ShapeError } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  adamwStep,
  checkDtype,
  checkShape,
  crossEntropy,
  dropout,
  embedding,
  globalNorm,
  groupNorm,
  layerNorm,
  linear,
  packBytes,
  scalePixels,
} from './index';

const zeros = (...shape: number[]) => tf.zeros(shape);
const ints = (...shape: number[]) => tf.zeros(shape, 'int32');
const step = { learningRate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, step: 1 };

const wrong: [what: string, call: () => unknown, message: string][] = [
  [
    'layerNorm of a scalar',
    () => layerNorm(zeros(), zeros(1), zeros(1)),
    'layerNorm: x must have at least one axis, got a scalar',
  ],
  [
    'layerNorm with another gamma',
    () => layerNorm(zeros(2, 3), zeros(4), zeros(3)),
    'layerNorm: gamma must be [3], got [4]',
  ],
  [
    'layerNorm with another beta',
    () => layerNorm(zeros(2, 3), zeros(3), zeros(1, 3)),
    'layerNorm: beta must be [3], got [1, 3]',
  ],
  [
    'groupNorm of a matrix',
    () => groupNorm(zeros(2, 3) as tf.Tensor4D, zeros(3), zeros(3), { groups: 1 }),
    'groupNorm: x must be [*, *, *, *], got [2, 3]',
  ],
  [
    'groupNorm with another gamma',
    () => groupNorm(tf.zeros([1, 2, 2, 4]), zeros(2), zeros(4), { groups: 2 }),
    'groupNorm: gamma must be [4], got [2]',
  ],
  [
    'pixels of another side',
    () => scalePixels(ints(2, 4), { side: 3 }),
    'scalePixels: packed must be [*, 7], got [2, 4]',
  ],
  [
    'pixels that are not packed',
    () => scalePixels(zeros(2, 12), { side: 4 }),
    'scalePixels: packed must be int32, got float32',
  ],
  [
    'pixels with no deviation',
    () => scalePixels(ints(2, 12), { side: 4, std: [1, 0, 1] }),
    'scalePixels: std must be 3 finite numbers above 0, got [1, 0, 1]',
  ],
  [
    'pixels with a mean that is no number',
    () => scalePixels(ints(2, 12), { side: 4, mean: [0, Number.NaN, 0] }),
    'scalePixels: mean must be 3 finite numbers, got [0, NaN, 0]',
  ],
  [
    'bytes that do not make their rows',
    () => packBytes(new Uint8Array(5), 2),
    'packBytes: 5 bytes do not make 2 equal rows',
  ],
  [
    'dropout of a scalar',
    () => dropout(zeros(), ints(1, 2), { rate: 0.1, site: 0 }),
    'dropout: x must have at least one axis, got a scalar',
  ],
  [
    'dropout with seeds of other rows',
    () => dropout(zeros(2, 3), ints(3, 2), { rate: 0.1, site: 0 }),
    'dropout: seeds must be [2, 2], got [3, 2]',
  ],
  [
    'dropout with seeds that are no integers',
    () => dropout(zeros(2, 3), zeros(2, 2), { rate: 0.1, site: 0 }),
    'dropout: seeds must be int32, got float32',
  ],
  [
    'dropout of everything',
    () => dropout(zeros(2, 3), ints(2, 2), { rate: 1, site: 0 }),
    'dropout: rate must be at least 0 and below 1, got 1',
  ],
  [
    'dropout without a rate',
    () => dropout(zeros(2, 3), ints(2, 2), { rate: Number.NaN, site: 0 }),
    'dropout: rate must be at least 0 and below 1, got NaN',
  ],
  [
    'dropout at half a site',
    () => dropout(zeros(2, 3), ints(2, 2), { rate: 0.1, site: 0.5 }),
    'dropout: site must be an integer in [0, 2^32), got 0.5',
  ],
  [
    'linear with another width',
    () => linear(zeros(2, 3), zeros(4, 5)),
    'linear: w must be [3, *], got [4, 5]',
  ],
  [
    'linear with a transposed matrix taken plainly',
    () => linear(zeros(2, 3), zeros(3, 5), undefined, { transposeW: true }),
    'linear: w must be [*, 3], got [3, 5]',
  ],
  [
    'linear with another bias',
    () => linear(zeros(2, 3), zeros(3, 5), zeros(3)),
    'linear: b must be [5], got [3]',
  ],
  ['embedding of a vector', () => embedding(zeros(3), ints(2)), 'embedding: table must be [*, *], got [3]'],
  [
    'embedding of float ids',
    () => embedding(zeros(3, 2), zeros(2)),
    'embedding: ids must be int32, got float32',
  ],
  [
    'crossEntropy of a batch of matrices',
    () => crossEntropy(zeros(2, 3, 4), ints(6), zeros(6)),
    'crossEntropy: logits must be [*, *], got [2, 3, 4]',
  ],
  [
    'crossEntropy with fewer labels',
    () => crossEntropy(zeros(3, 4), ints(2), zeros(3)),
    'crossEntropy: labels must be [3], got [2]',
  ],
  [
    'crossEntropy with more weights',
    () => crossEntropy(zeros(3, 4), ints(3), zeros(4)),
    'crossEntropy: weights must be [3], got [4]',
  ],
  [
    'crossEntropy with float labels',
    () => crossEntropy(zeros(3, 4), zeros(3), zeros(3)),
    'crossEntropy: labels must be int32, got float32',
  ],
  ['globalNorm of nothing', () => globalNorm([]), 'globalNorm: there must be at least one tensor, got none'],
  [
    'adamwStep with another gradient',
    () => adamwStep({ param: zeros(3), grad: zeros(2), m: zeros(3), v: zeros(3), gradScale: zeros() }, step),
    'adamwStep: grad must be [3], got [2]',
  ],
  [
    'adamwStep with a clip factor that is no scalar',
    () => adamwStep({ param: zeros(3), grad: zeros(3), m: zeros(3), v: zeros(3), gradScale: zeros(1) }, step),
    'adamwStep: gradScale must be [], got [1]',
  ],
];

describe('wrong shapes are refused in one line that names operation, input, what fits and what came', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(wrong)('%s', (_, call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(expect.objectContaining({ message, code: 'SHAPE_MISMATCH' }));
  });

  test.each([0, -1, 1.5, 3])('groupNorm of 4 channels in %d groups', groups => {
    const call = () => groupNorm(tf.zeros([1, 2, 2, 4]), zeros(4), zeros(4), { groups });
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(`groupNorm: ${groups} groups do not divide 4 channels`);
  });

  test('an operation that refuses its inputs leaves no tensor behind', () => {
    const [x, w] = [zeros(2, 3), zeros(4, 5)];
    const before = tf.memory().numTensors;
    expect(() => linear(x, w)).toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the checks that other packages use', () => {
  test('accept any extent for −1, but not another number of axes', () => {
    const x = tf.zeros([2, 3]);
    expect(() => checkShape('op', 'x', x, [-1, 3])).not.toThrow();
    expect(() => checkShape('op', 'x', x, [-1, 3, 1])).toThrow('op: x must be [*, 3, 1], got [2, 3]');
    expect(() => checkDtype('op', 'x', x, 'float32')).not.toThrow();
    expect(() => checkDtype('op', 'x', x, 'int32')).toThrow('op: x must be int32, got float32');
    x.dispose();
  });
});
