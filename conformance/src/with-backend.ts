import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll } from 'vitest';

/**
 * The tests of the enclosing `describe` run on `backendName`, which `ready` registers; the backend that was current before
 * comes back afterwards.
 */
export function withBackend(backendName: string, ready: () => Promise<void>): void {
  let before = '';
  beforeAll(async () => {
    await ready();
    before = tf.getBackend();
    await tf.setBackend(backendName);
  });
  afterAll(async () => {
    if (before) await tf.setBackend(before);
  });
}
