/** Numbers on their way from main memory to the device. */
import type { Feeds } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';

/** The tensors of such numbers, by the same names; the caller disposes them. */
export function upload(feeds: Feeds): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Float32Array ? 'float32' : 'int32'),
    ]),
  );
}

/** Gives a variable other numbers, as many as it has. */
export function assignNumbers(variable: tf.Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}
