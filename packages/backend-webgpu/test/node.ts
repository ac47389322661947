import * as tf from '@tensorflow/tfjs';
import { registerWebGpuBackend, webGpuBackend } from '../src/index';

/** Chromium's Vulkan driver in software, which Debian's package brings: in Node too tests need no GPU. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Whether the tests run in Node, on Dawn, and not in a browser. */
export const isNode = typeof window === 'undefined';

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
  if (!isNode) return;
  const { existsSync } = await import('node:fs');
  if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES ??= SWIFTSHADER;
}
