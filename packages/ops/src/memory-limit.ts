import * as tf from '@tensorflow/tfjs-core';

/** What a backend offers whose memory ends at a size that is known beforehand. */
export interface LimitsMemory {
  /** Bytes for all tensors together, at most. */
  readonly memoryLimit: number;
}

/** Bytes that the current backend has for all tensors together; undefined where it does not know. */
export function memoryLimit(): number | undefined {
  return (tf.backend() as Partial<LimitsMemory>).memoryLimit;
}
