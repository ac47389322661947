import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, useBackend } from '../../test/tiny';
import { checkSmoothing, targetArray, targetLoss } from './classifier-target';

const outputs = [
  [0.5, -2, 3],
  [-1, 0, 1],
];

describe.each(backends)('the loss of a classifier on %s', backend => {
  beforeAll(() => useBackend(backend));

  /** Its value, and its gradient by the outputs. */
  function lossOf(rows: number[][], labels: tf.Tensor, target: 'scores' | 'number') {
    return tf.tidy(() => {
      const loss = (x: tf.Tensor) => targetLoss(x as tf.Tensor2D, labels, target, 0);
      const { value, grad } = tf.valueAndGrad(loss)(tf.tensor2d(rows));
      return { value: value.dataSync()[0]!, gradient: [...grad.dataSync()] };
    });
  }

  test('of scores is the binary cross-entropy of each class', () => {
    const scores = [
      [1, 0, 0.3],
      [0, 0.9, 0],
    ];
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const labels = tf.tensor2d(scores);
    const { value, gradient } = lossOf(outputs, labels, 'scores');
    let want = 0;
    for (const [b, row] of outputs.entries())
      for (const [c, x] of row.entries()) {
        const z = scores[b]![c]!;
        want -= z * Math.log(sigmoid(x)) + (1 - z) * Math.log(1 - sigmoid(x));
        expect(gradient[3 * b + c]).toBeCloseTo(sigmoid(x) - z, 5);
      }
    expect(value).toBeCloseTo(want, 4);
    labels.dispose();
  });

  test('of scores is finite where the outputs are large', () => {
    const labels = tf.tensor2d([[1, 0]]);
    const { value, gradient } = lossOf([[-200, 200]], labels, 'scores');
    expect(value).toBeCloseTo(400, 2);
    expect(gradient).toEqual([-1, 1]);
    labels.dispose();
  });

  test('of a number is the squared error', () => {
    const labels = tf.tensor1d([2, -1]);
    const { value, gradient } = lossOf([[2.5], [1]], labels, 'number');
    expect(value).toBeCloseTo(4.25, 5);
    expect(gradient[0]).toBeCloseTo(1, 5);
    expect(gradient[1]).toBeCloseTo(4, 5);
    labels.dispose();
  });
});

test('labels that do not fit are refused with what is needed', () => {
  const array = (labels: number[], target: 'class' | 'scores' | 'number', classes = 3) =>
    targetArray(labels, 2, { classes, target });
  expect(array([2, 0], 'class')).toEqual({ shape: [2], values: Int32Array.of(2, 0) });
  expect(array([0, 1, 0, 0.5, 0, 0], 'scores').shape).toEqual([2, 3]);
  expect(array([4.5, -2], 'number', 1)).toEqual({ shape: [2], values: Float32Array.of(4.5, -2) });
  expect(() => array([3, 0], 'class')).toThrow('2 rows need as many labels from 0 to 2, got 2, 3 among them');
  expect(() => array([0, 1, 0, 2, 0, 0], 'scores')).toThrow(
    '3 scores each, from 0 to 1, got 6, 2 among them',
  );
  expect(() => array([0, 1], 'scores')).toThrow('2 rows need 3 scores each');
  expect(() => array([1, Number.NaN], 'number', 1)).toThrow('as many finite numbers, got 2, NaN among them');
  expect(() => checkSmoothing('scores', 0.1)).toThrow('"labelSmoothing" goes with the target class');
});
