import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/** What a backend offers whose memory ends at a size that is known beforehand. */
export interface LimitsMemory {
  /** Bytes for all tensors together, at most. */
  readonly memoryLimit: number;
}

/**
 * Bytes that the current backend has for all tensors together; undefined where it does not know.
 *
 * @throws BackendError `BACKEND_UNAVAILABLE` where no backend is registered: tfjs-core brings none
 */
export function memoryLimit(): number | undefined {
  if (Object.keys(tf.engine().registryFactory).length === 0)
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      'there is no backend to compute with: call pickBackend() of @simvlm/runtime, or import one, such as @tensorflow/tfjs-backend-cpu',
    );
  return (tf.backend() as Partial<LimitsMemory>).memoryLimit;
}
