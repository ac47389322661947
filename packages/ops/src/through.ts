import * as tf from '@tensorflow/tfjs-core';

/**
 * Layers one after another. What a layer leaves behind is freed at its end, and what it read as soon as the next one is there, so that a
 * pass without gradients needs the memory of one layer, not of all. A gradient keeps what it needs of them by itself.
 *
 * @param x is the caller's, and stays
 * @param layers each gives a tensor of its own, or its input as it is
 * @returns the last layer's, owned by the caller (or by the tidy around it)
 */
export function through<T extends tf.Tensor>(x: T, layers: Iterable<(x: T) => T>): T {
  let current = x;
  for (const layer of layers) {
    const next = tf.tidy(() => layer(current));
    if (current !== x && current !== next) current.dispose();
    current = next;
  }
  return current;
}
