import * as tf from '@tensorflow/tfjs-core';

/** What a backend offers whose tensors can be read in parts, into memory that is there. */
export interface ReadsParts {
  /** Fills `into` with the numbers of a float32 tensor from number `begin` on, row-major. */
  readPart(tensor: tf.TensorInfo, begin: number, into: Float32Array): void;
}

/**
 * What reads a tensor a part at a time into memory that is used again: reading a model as a whole leaves its size in garbage.
 *
 * @returns none for a tensor that is not float32, and where the backend cannot do that
 */
export function partReader(tensor: tf.Tensor): ((begin: number, into: Float32Array) => void) | undefined {
  const backend = tf.backend() as Partial<ReadsParts>;
  if (!backend.readPart || tensor.dtype !== 'float32') return undefined;
  return (begin, into) => backend.readPart!(tensor, begin, into);
}
