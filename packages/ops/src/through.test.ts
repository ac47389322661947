import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { through } from './through';
import { variableGradients } from './variable-gradients';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const alive = () => tf.memory().numTensors - tensors;
const twice = (x: tf.Tensor) => tf.sub(tf.mul(tf.add(x, 1), 2), 2);

test('a pass holds the tensors of one layer, however many layers there are', () => {
  const seen: number[] = [];
  const layer = (x: tf.Tensor) => {
    seen.push(alive());
    return twice(x);
  };
  tf.tidy(() => {
    const x = tf.tensor([1, 2]);
    const y = through(x, Array<typeof layer>(10).fill(layer));
    expect([...y.dataSync()]).toEqual([1024, 2048]);
    expect([...x.dataSync()], 'the input is the caller’s').toEqual([1, 2]);
  });
  // The input, and from the second layer on what the layer before gave.
  expect(seen).toEqual([1, ...Array(9).fill(2)]);
});

test('a layer may give its input as it is', () => {
  const same = (x: tf.Tensor) => x;
  tf.tidy(() => {
    const x = tf.tensor([3]);
    expect(through(x, [same, same])).toBe(x);
    expect(through(x, [])).toBe(x);
    expect(through(x, [twice, same, same, twice]).dataSync()[0]).toBe(12);
  });
});

test('gradients are those of the same layers one by one, to the bit', () => {
  const weights = [0.3, -0.7, 1.1].map(value => tf.tidy(() => tf.variable(tf.tensor1d([value, -value]))));
  const layers = weights.map(w => (x: tf.Tensor) => tf.add(tf.tanh(tf.mul(x, w)), x));
  const start = () => tf.tensor1d([0.5, -1.5]);
  const losses = [
    () => tf.sum(tf.square(through<tf.Tensor>(start(), layers))) as tf.Scalar,
    () => tf.sum(tf.square(layers.reduce<tf.Tensor>((x, layer) => layer(x), start()))) as tf.Scalar,
  ];
  const [a, b] = losses.map(loss => {
    const { value, grads } = tf.tidy(() => variableGradients(loss, weights));
    const numbers = weights.map(({ name }) => [...grads[name]!.dataSync()]);
    tf.dispose([value, grads]);
    return numbers;
  });
  expect(a).toEqual(b);
  tf.dispose(weights);
});
