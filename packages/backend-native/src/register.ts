import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import type { DeviceIndex, NativeAddon } from './addon/interface';
import { loadAddon } from './addon/load';
import { Aten } from './aten';
import { NativeBackend, type NativeBackendMemory } from './backend';
import { kernels } from './kernels/index';

/** How to start the backend. */
export interface NativeOptions {
  /** Where tensors live and operators run: `cuda` is `cuda:0`. By default the first CUDA device, else the CPU. */
  readonly device?: 'cpu' | 'cuda' | `cuda:${number}`;
  /** Threads on the CPU; by default what PyTorch takes: `OMP_NUM_THREADS`, or the physical cores. */
  readonly threads?: number;
}

/** What was started. */
export interface NativeInfo {
  /** `cpu` or `cuda:N`. */
  readonly device: string;
  /** Name of the GPU, or how the CPU computes. */
  readonly deviceName: string;
  readonly torchVersion: string;
  readonly threads: number;
  /** What ATen holds now. */
  readonly memory: NativeBackendMemory;
}

const NAME = 'native';

/** Our backends by their factories: to ask tfjs for the backend of a factory would start it, whoever's it is. */
const ours = new WeakMap<object, NativeBackend>();
let starting: Promise<NativeBackend> | undefined;
/** Threads that ATen takes by itself: `OMP_NUM_THREADS`, or the physical cores. */
let atFirst: number | undefined;

/**
 * Registers the backend as 'native' and makes it ready: then `tf.setBackend('native')` switches to it. Called again, it
 * returns the same backend. Throws `BackendError`: `BACKEND_UNAVAILABLE` without libtorch, without the device that was
 * asked for, or where another package has taken the name.
 */
export async function registerNativeBackend(options: NativeOptions = {}): Promise<NativeInfo> {
  check(options);
  // Two calls at once get one backend.
  starting ??= start(options).finally(() => {
    starting = undefined;
  });
  return info(await starting);
}

/** The backend, where it was registered. */
export function nativeBackend(): NativeBackend | undefined {
  const factory = tf.findBackendFactory(NAME);
  return factory === null ? undefined : ours.get(factory);
}

function check({ device, threads }: NativeOptions): void {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > 1024))
    throw unavailable(`threads is ${threads}; it must be an integer from 1 to 1024`);
  if (device !== undefined && !/^(cpu|cuda(:\d+)?)$/.test(device))
    throw unavailable(`device is '${device}'; it must be 'cpu', 'cuda' or 'cuda:N'`);
}

async function start(options: NativeOptions): Promise<NativeBackend> {
  const taken = tf.findBackendFactory(NAME);
  if (taken !== null) {
    const present = ours.get(taken);
    if (present) return present;
    throw nameTaken();
  }
  const addon = await loadAddon();
  const device = deviceOf(addon, options.device);
  atFirst ??= addon.threads();
  addon.setThreads(options.threads ?? atFirst);
  const backend = new NativeBackend(new Aten(addon), device);
  const factory = () => backend;
  if (!tf.registerBackend(NAME, factory, 4)) throw nameTaken();
  ours.set(factory, backend);
  registerKernels();
  return backend;
}

function deviceOf(addon: NativeAddon, device: NativeOptions['device']): DeviceIndex {
  const devices = addon.cudaDevices();
  if (device === undefined) return devices.length > 0 ? 0 : -1;
  if (device === 'cpu') return -1;
  const index = Number(device.split(':')[1] ?? 0);
  if (index < devices.length) return index;
  const found =
    devices.length === 0 ? 'no CUDA device works here' : `there are ${devices.length} CUDA devices`;
  const why = addon.builtWithCuda ? found : `this libtorch ${addon.torchVersion} was built without CUDA`;
  throw unavailable(`device '${device}' cannot be used: ${why}; use device 'cpu'`);
}

function unavailable(message: string): BackendError {
  return new BackendError('BACKEND_UNAVAILABLE', message);
}

function nameTaken(): BackendError {
  return unavailable(
    "another package has registered the backend 'native': import only one package that brings a backend of this name",
  );
}

/** What is registered already stays. */
function registerKernels(): void {
  const present = new Set(tf.getKernelsForBackend(NAME).map(({ kernelName }) => kernelName));
  for (const kernel of kernels) {
    if (!present.has(kernel.kernelName))
      tf.registerKernel({ ...kernel, backendName: NAME } as unknown as tf.KernelConfig);
  }
}

function info(backend: NativeBackend): NativeInfo {
  const { addon, device } = backend;
  return {
    device: device < 0 ? 'cpu' : `cuda:${device}`,
    deviceName: device < 0 ? addon.cpuInfo() : addon.cudaDevices()[device]!,
    torchVersion: addon.torchVersion,
    threads: addon.threads(),
    memory: backend.memory(),
  };
}
