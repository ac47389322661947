import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';

/** What tfjs hands to a kernel: tensors by name (some ops: by number), attributes by name, and the backend. */
export interface KernelCall {
  readonly inputs: Record<string, tf.TensorInfo>;
  /** Absent, in fact, where an op has none: kernels of ops with attributes need not care. */
  readonly attrs: Record<string, unknown>;
  readonly backend: WasmBackend;
}

/** A kernel of this backend. */
export interface WasmKernel {
  readonly kernelName: string;
  readonly kernelFunc: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];
}

/**
 * Runs the CPU backend's kernel on tensors of this backend. Some (the FFT, for one) read arrays of tensors that they have
 * disposed, so nothing is reused before it ends.
 */
export function onCpu(kernelName: string, call: KernelCall): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, 'cpu');
  return call.backend.runtime.allocator.withoutReuse(() => kernelFunc(call as never)) as tf.TensorInfo;
}

/** Runs a registered kernel of this backend. */
export function callKernel(
  backend: WasmBackend,
  kernelName: string,
  inputs: Record<string, tf.TensorInfo>,
  attrs: Record<string, unknown> = {},
): tf.TensorInfo {
  return tf.getKernel(kernelName, 'wasm').kernelFunc({ inputs, attrs, backend } as never) as tf.TensorInfo;
}

/**
 * A kernel that has fast code for some calls only (float32, say): `run` returns `undefined` for the others, which go
 * to the CPU backend's kernel.
 */
export function withFallback(
  kernelName: string,
  run: (call: KernelCall) => tf.TensorInfo | undefined,
): WasmKernel {
  return { kernelName, kernelFunc: call => run(call) ?? onCpu(kernelName, call) };
}

/** Numbers of one chunk of an elementwise job: about 10 µs of additions. */
export const GRAIN = 16_384;

/** Rows of `length` numbers that make a chunk of {@link GRAIN} numbers. */
export function rowGrain(length: number, cost = 1): number {
  return Math.max(1, Math.ceil(GRAIN / (length * cost + 1)));
}
