import { draw, ints, toTensor } from '@simvlm/conformance';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { crossEntropy, embedding, groupNorm, layerNorm, linear } from './index';

const { normal } = draw('gradients');

/** A small network of the operations, tied: the table is the output layer as well. */
function network(parameters: Record<string, tf.Tensor>, ids: tf.Tensor, labels: tf.Tensor): tf.Scalar {
  const { table, gamma, beta, w, b } = parameters;
  const x = layerNorm(embedding(table!, ids), gamma!, beta!);
  const maps = groupNorm(tf.reshape(x, [2, 1, 3, 4]) as tf.Tensor4D, gamma!, beta!, {
    groups: 2,
    activation: 'relu',
  });
  const hidden = linear(tf.reshape(maps, [6, 4]), w!, b, { activation: 'gelu' });
  const logits = linear(hidden, table!, undefined, { transposeW: true });
  return tf.mean(
    crossEntropy(logits, tf.reshape(labels, [6]), tf.ones([6]), { labelSmoothing: 0.1 }),
  ) as tf.Scalar;
}

describe('gradients', () => {
  const shapes = { table: [5, 4], gamma: [4], beta: [4], w: [4, 4], b: [4] };
  const names = Object.keys(shapes);
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  test('flow through a network to every parameter, and nothing is left behind', () => {
    const before = tf.memory().numTensors;
    const tensors = Object.values(shapes).map(shape => toTensor(normal(shape)));
    const [ids, labels] = [
      toTensor(ints([2, 3], [0, 4, 2, 1, 1, 3])),
      toTensor(ints([2, 3], [4, 2, 0, 1, 3, 2])),
    ];
    const f = (...given: tf.Tensor[]) =>
      network(Object.fromEntries(names.map((name, i) => [name, given[i]!])), ids, labels);
    const { value, grads } = tf.valueAndGrads(f)(tensors);
    expect(tf.memory().numTensors).toBe(before + names.length + 2 + 1 + names.length);
    grads.forEach((gradient, i) => {
      const numbers = [...gradient.dataSync()];
      expect(numbers.every(Number.isFinite), names[i]).toBe(true);
      expect(
        numbers.some(x => Math.abs(x) > 1e-3),
        names[i],
      ).toBe(true);
    });
    tf.dispose([tensors, ids, labels, value, grads]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('by one input alone are those by all inputs', () => {
    tf.tidy(() => {
      const [x, w, b] = [normal([3, 4]), normal([4, 2]), normal([2])].map(toTensor) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const f = (...[xs, ws, bs]: tf.Tensor[]) => linear(xs!, ws!, bs!, { activation: 'gelu' });
      const all = tf.grads(f)([x, w, b]);
      const alone = [
        tf.grad(xs => f(xs, w, b))(x),
        tf.grad(ws => f(x, ws, b))(w),
        tf.grad(bs => f(x, w, bs))(b),
      ];
      alone.forEach((gradient, i) => {
        expect([...gradient.dataSync()]).toEqual([...all[i]!.dataSync()]);
      });
    });
  });

  test('add up where a tensor is used twice', () => {
    tf.tidy(() => {
      const x = toTensor(normal([3, 4]));
      const w = toTensor(normal([4, 4]));
      const both = tf.grad(ws => tf.add(linear(x, ws), linear(x, ws, undefined, { transposeW: true })))(w);
      const plain = tf.grad(ws => linear(x, ws))(w);
      const turned = tf.grad(ws => linear(x, ws, undefined, { transposeW: true }))(w);
      const sum = tf.add(plain, turned).dataSync();
      both.dataSync().forEach((value, i) => {
        expect(value).toBeCloseTo(sum[i]!, 5);
      });
    });
  });
});
