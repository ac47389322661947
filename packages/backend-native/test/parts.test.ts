import { partReader, partWriter } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { nativeBackend, registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('a tensor in parts', () => {
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    await tf.setBackend('native');
  });

  const filled = (shape: number[]) => {
    const zeros = tf.fill(shape, 0);
    const variable = tf.variable(zeros);
    zeros.dispose();
    return variable;
  };

  test('that are written changes its numbers in its own memory', () => {
    const variable = filled([2, 3]);
    const { bytes, handles } = nativeBackend()!.memory();
    const write = partWriter(variable)!;
    const part = Float32Array.of(1, 2, 3, 4);
    write(0, part);
    part.fill(9);
    write(4, part.subarray(0, 2));
    expect([...variable.dataSync()]).toEqual([1, 2, 3, 4, 9, 9]);
    expect(nativeBackend()!.memory()).toMatchObject({ bytes, handles });
    variable.dispose();
  });

  test('cannot be written where a clone or a view would change, too', () => {
    const variable = filled([4]);
    const clone = variable.clone();
    expect(partWriter(variable)).toBeUndefined();
    clone.dispose();
    const view = tf.slice(variable, [1], [2]);
    expect(partWriter(variable)).toBeUndefined();
    view.dispose();
    expect(partWriter(variable)).toBeDefined();
    variable.dispose();
  });

  test('reading in parts fills memory that is there', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const transposed = tf.transpose(x);
    const buffer = new Float32Array(6);
    partReader(x)!(2, buffer.subarray(1, 4));
    expect([...buffer]).toEqual([0, 3, 4, 5, 0, 0]);
    partReader(transposed)!(0, buffer);
    expect([...buffer]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(() => partReader(x)!(5, new Float32Array(2))).toThrow(/2 numbers from place 5/);
    expect(() => partReader(x)!(-1, new Float32Array(1))).toThrow(/numbers from place -1/);
    tf.dispose([x, transposed]);
  });

  test('beyond its end is an error', () => {
    const variable = filled([4]);
    expect(() => partWriter(variable)!(3, new Float32Array(2))).toThrow(/bytes/);
    variable.dispose();
  });

  test('brings the bfloat16 copy of a weight up to date', async () => {
    await registerNativeBackend({ precision: 'bfloat16' });
    try {
      const weight = filled([2, 2]);
      const product = () => tf.tidy(() => [...tf.matMul(tf.ones([1, 2]), weight as tf.Tensor2D).dataSync()]);
      expect(product()).toEqual([0, 0]);
      partWriter(weight)!(0, Float32Array.of(1, 2, 3, 4));
      expect(product()).toEqual([4, 6]);
      weight.dispose();
    } finally {
      await registerNativeBackend({ precision: 'float32' });
    }
  });
});

test('on a backend that copies whole tensors alone, there is neither', async () => {
  await tf.setBackend('cpu');
  const x = tf.zeros([2]);
  expect(partWriter(x)).toBeUndefined();
  expect(partReader(x)).toBeUndefined();
  x.dispose();
});
