import type * as tf from '@tensorflow/tfjs-core';
import type { SimVlmWebGpuBackend } from '../backend';

export type { SimVlmWebGpuBackend } from '../backend';

/** A tensor as tfjs hands it to a kernel. */
export type T = tf.TensorInfo;

/** A kernel of this backend. */
export interface WebGpuKernel {
  readonly kernelName: string;
  readonly kernelFunc: (call: {
    readonly inputs: Record<string, T>;
    readonly attrs: Record<string, unknown>;
    readonly backend: SimVlmWebGpuBackend;
  }) => T | T[];
}

/** @param run gets the backend, the inputs by name (a list for some ops) and the attributes */
export function kernel<Inputs, Attrs = unknown>(
  kernelName: string,
  run: (b: SimVlmWebGpuBackend, inputs: Inputs, attrs: Attrs) => T | T[],
): WebGpuKernel {
  return {
    kernelName,
    kernelFunc: ({ inputs, attrs, backend }) => run(backend, inputs as Inputs, attrs as Attrs),
  };
}

/** Kernels of some inputs by their names. */
export type Of<Name extends string> = Readonly<Record<Name, T>>;

/** The product of sizes. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}
