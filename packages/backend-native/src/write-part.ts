import type * as tf from '@tensorflow/tfjs-core';
import type { NativeBackend } from './backend';
import { weightChanged } from './precision';

/** Overwrites the numbers of a float32 tensor from number `begin` on, in its own memory, which nobody shares. */
export function writePart(
  b: NativeBackend,
  tensor: tf.TensorInfo,
  begin: number,
  values: Float32Array,
): void {
  const mark = b.mark();
  try {
    const all = b.op('view', b.input(tensor), [-1]);
    b.addon.write(b.op('slice.Tensor', all, 0, begin, begin + values.length, 1), values);
    weightChanged(b, tensor);
  } finally {
    b.release(mark);
  }
}
