import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
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

/** Our backends by their factories: to ask tfjs for the backend of a factory would start it, whoever's it is. */
const ours = new WeakMap<object, WasmBackend>();
let starting: Promise<WasmBackend> | undefined;

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
  // Two calls at once get one backend.
  starting ??= start(threads).finally(() => {
    starting = undefined;
  });
  return info(await starting);
}

async function start(threads: number): Promise<WasmBackend> {
  const taken = tf.findBackendFactory(NAME);
  if (taken !== null) {
    const present = ours.get(taken);
    if (present) return present;
    throw nameTaken();
  }
  const backend = new WasmBackend(await WasmRuntime.create(threads));
  const factory = () => backend;
  if (!tf.registerBackend(NAME, factory, 3)) {
    backend.dispose();
    throw nameTaken();
  }
  ours.set(factory, backend);
  registerKernels();
  return backend;
}

function nameTaken(): BackendError {
  return new BackendError(
    'BACKEND_UNAVAILABLE',
    "another package has registered the backend 'wasm': do not import @tensorflow/tfjs-backend-wasm beside this one",
  );
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
