/** Numbers on their way from main memory to the device. */
import type { Feeds } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/** The tensors of such numbers, by the same names; the caller disposes them. */
export function upload(feeds: Feeds): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Float32Array ? 'float32' : 'int32'),
    ]),
  );
}

/** Gives a variable other numbers, as many as it has; one of int32 words takes four for each, its bytes. */
export function assignNumbers(variable: tf.Variable, values: Float32Array): void {
  const given = variable.dtype === 'int32' ? wordsOf(values) : values;
  tf.tidy(() => variable.assign(tf.tensor(given, variable.shape, variable.dtype)));
}

/** Four bytes a word, the first in its lowest bits; a byte may be given with or without sign. */
export function wordsOf(bytes: Float32Array): Int32Array {
  const words = new Int32Array(bytes.length / 4);
  for (let i = 0; i < bytes.length; i++) words[i >> 2]! |= (bytes[i]! & 0xff) << (8 * (i & 3));
  return words;
}
