import * as tf from '@tensorflow/tfjs-core';
import { registerWebGpuBackend, webGpuBackend } from '../src/index';

/** Whether the tests run in Node, on Dawn, and not in a browser. */
const isNode = typeof window === 'undefined';

/** For tests that start the backend: in Node they are skipped where there is no adapter. */
export const { describe, test } = isNode
  ? await (await import('../../../scripts/parts/needs')).needs('webgpu')
  : await import('vitest');

/** Starts the backend, on the processor where there is no GPU; a failure on the device fails the tests. */
export async function ready(): Promise<void> {
  await softwareDriver();
  // Otherwise tfjs computes small tensors on the processor, and nothing is tested.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  await registerWebGpuBackend({ software: true });
  webGpuBackend()!.onFailure(({ kind, message }) => {
    throw new Error(`${kind} error on the device: ${message}`);
  });
}

export async function softwareDriver(): Promise<void> {
  if (isNode) (await import('../../../scripts/parts/chromium')).takeSoftwareDriver();
}
