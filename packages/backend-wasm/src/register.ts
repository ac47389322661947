import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { WasmBackend } from './backend';
import { kernels } from './kernels/index';
import { type KernelCall, onCpu } from './kernels/kernel';
import { WasmRuntime } from './runtime';
import { availableCores } from './threads/spawn';

/** How to start the backend. */
export interface WasmOptions {
  /** Threads, the caller among them; by default the cores that this process may use, at most 4. */
  readonly threads?: number;
}

/** What was started. */
export interface WasmInfo {
  /** Threads that share the work: 1 where memory cannot be shared (a page without COOP and COEP headers). */
  readonly threads: number;
  readonly simd: true;
  /** Bytes in use and reserved. */
  readonly memory: { readonly bytesInUse: number; readonly bytesReserved: number };
}

const NAME = 'wasm';

/**
 * Registers the backend as 'wasm' and makes it ready: then `tf.setBackend('wasm')` switches to it. Called again, it
 * returns the same backend. Throws `BackendError`: `BACKEND_UNAVAILABLE` without WebAssembly SIMD, or where another
 * package has taken the name.
 */
export async function registerWasmBackend(options: WasmOptions = {}): Promise<WasmInfo> {
  const threads = options.threads ?? defaultThreads();
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      `threads is ${threads}; it must be an integer from 1 to 64`,
    );
  }
  if (tf.findBackendFactory(NAME) !== null) {
    const present = tf.findBackend(NAME);
    if (present instanceof WasmBackend) return info(present);
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      "another package has registered the backend 'wasm': do not import @tensorflow/tfjs-backend-wasm beside this one",
    );
  }
  const backend = new WasmBackend(await WasmRuntime.create(threads));
  tf.registerBackend(NAME, () => backend, 3);
  registerKernels();
  return info(backend);
}

/** CPU kernels for every op, our own in place of the hot ones. What is registered already stays. */
function registerKernels(): void {
  const names = (backendName: string): Set<string> =>
    new Set(tf.getKernelsForBackend(backendName).map(({ kernelName }) => kernelName));
  const present = names(NAME);
  const register = (config: { kernelName: string; kernelFunc: unknown }): void => {
    if (present.has(config.kernelName)) return;
    present.add(config.kernelName);
    tf.registerKernel({ ...config, backendName: NAME } as tf.KernelConfig);
  };
  for (const kernel of kernels) register(kernel);
  for (const kernelName of names('cpu')) {
    register({ kernelName, kernelFunc: (call: KernelCall) => onCpu(kernelName, call) });
  }
}

function info(backend: WasmBackend): WasmInfo {
  return { threads: backend.runtime.threads, simd: true, memory: backend.runtime.allocator.use() };
}

function defaultThreads(): number {
  return Math.max(1, Math.min(4, availableCores()));
}
