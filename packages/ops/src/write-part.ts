import * as tf from '@tensorflow/tfjs-core';
import type { KnowsSharing } from './adamw/in-place';
import { assignNumbers } from './host';

/** What a backend offers whose tensors can be overwritten in parts: a large one is filled without a second one of its size. */
export interface WritesParts extends KnowsSharing {
  /** Overwrites the numbers of a float32 tensor from number `begin` on, row-major. `values` may be used again after the call. */
  writePart(tensor: tf.TensorInfo, begin: number, values: Float32Array): void;
}

/**
 * What overwrites a tensor in its own memory, a part at a time.
 *
 * @returns none for a tensor that is not float32, where the backend cannot do that, or where somebody else (a clone, a view) would see it
 */
export function partWriter(tensor: tf.Tensor): ((begin: number, values: Float32Array) => void) | undefined {
  const backend = tf.backend() as Partial<WritesParts>;
  if (!backend.writePart || tensor.dtype !== 'float32' || backend.isShared!(tensor)) return undefined;
  return (begin, values) => backend.writePart!(tensor, begin, values);
}

/** How weights that are read come to the device: as a whole, or in parts where `partWriter` gives one. */
export const deviceWriter = { assign: assignNumbers, partWriter };
