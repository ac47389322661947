import * as tf from '@tensorflow/tfjs-core';
import type { SimVlmWebGpuBackend, T } from '../fused/kernel';

const originals = new Map<string, tf.KernelConfig>();

/** Keeps tfjs's kernel when ours takes its place. */
export function keepOriginal(kernel: tf.KernelConfig): void {
  originals.set(kernel.kernelName, kernel);
}

/** Runs tfjs's kernel, for what ours leaves to it, or to move numbers about. */
export function runOriginal(
  kernelName: string,
  backend: SimVlmWebGpuBackend,
  inputs: object,
  attrs: object = {},
): T {
  const original = originals.get(kernelName) ?? tf.getKernel(kernelName, 'webgpu');
  if (!original) throw new Error(`tfjs has no kernel ${kernelName} for webgpu`);
  return original.kernelFunc({ inputs, attrs, backend } as never) as T;
}
