import { BackendError, type Precision } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { cpuLine } from './addon/cpu-line';
import type { DeviceIndex, NativeAddon } from './addon/interface';
import { loadAddon } from './addon/load';
import { Aten } from './aten';
import { NativeBackend, type NativeBackendMemory } from './backend';
import { RecordedStep } from './capture';
import { localRank } from './distributed/environment';
import { kernels } from './kernels/index';
import { precisionOf, usePrecision } from './precision';
import { warnOfNarrowSums } from './sums';
import { writePart } from './write-part';

/** How to start the backend. */
export interface NativeOptions {
  /**
   * Where tensors live and operators run; by default a CUDA device, else the CPU. `cuda` is the first CUDA device, or where several
   * processes share a machine the one with the number `LOCAL_RANK`, as `torchrun` sets it.
   */
  readonly device?: 'cpu' | 'cuda' | `cuda:${number}`;
  /** Threads on the CPU; by default what PyTorch takes: `OMP_NUM_THREADS`, or the physical cores. */
  readonly threads?: number;
  /**
   * `bfloat16` is mixed precision: products of bfloat16 numbers, while weights, sums and norms stay float32. Default `float32`. Registered
   * again, the backend goes on with the precision that is asked for. A libtorch that sums such products in bfloat16 on this processor
   * (`sums.ts`) makes this a process warning with the code `SIMVLM_BFLOAT16_SUMS`.
   */
  readonly precision?: Precision;
}

/** What was started. */
export interface NativeInfo {
  /** `cpu` or `cuda:N`. */
  readonly device: string;
  /** Name of the GPU, or how the CPU computes. */
  readonly deviceName: string;
  readonly torchVersion: string;
  readonly threads: number;
  readonly precision: Precision;
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
  const backend = await starting;
  checkDevice(backend, options.device);
  if (options.precision !== undefined) usePrecision(backend, options.precision);
  if (options.precision === 'bfloat16' && backend.device < 0) warnOfNarrowSums(backend);
  return info(backend);
}

/** The backend, where it was registered. */
export function nativeBackend(): NativeBackend | undefined {
  const factory = tf.findBackendFactory(NAME);
  return factory === null ? undefined : ours.get(factory);
}

function check({ device, threads, precision }: NativeOptions): void {
  if (precision !== undefined && precision !== 'float32' && precision !== 'bfloat16')
    throw unavailable(`precision is '${precision}'; it must be 'float32' or 'bfloat16'`);
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
  backend.captureStep = options => new RecordedStep(backend, options);
  backend.writePart = (tensor, begin, values) => writePart(backend, tensor, begin, values);
  const factory = () => backend;
  if (!tf.registerBackend(NAME, factory, 4)) throw nameTaken();
  ours.set(factory, backend);
  registerKernels();
  return backend;
}

function deviceOf(addon: NativeAddon, device: NativeOptions['device']): DeviceIndex {
  const devices = addon.cudaDevices();
  if (device === undefined && devices.length === 0) return -1;
  if (device === 'cpu') return -1;
  const index = numberOf(device);
  if (index < devices.length) return index;
  const found =
    devices.length === 0 ? 'no CUDA device works here' : `there are ${devices.length} CUDA devices`;
  const why = addon.builtWithCuda ? found : `this libtorch ${addon.torchVersion} was built without CUDA`;
  const wish = device === undefined ? `LOCAL_RANK is ${index}` : `device '${device}' cannot be used`;
  throw unavailable(`${wish}: ${why}; use device 'cpu'`);
}

/** Of several processes on a machine each has a GPU of its own, unless its number is given. */
function numberOf(device: string | undefined): number {
  const number = device?.split(':')[1];
  return number === undefined ? localRank() : Number(number);
}

/** A process has one native backend, on one device: who asks for another one must not go on with it unawares. */
function checkDevice(backend: NativeBackend, device: NativeOptions['device']): void {
  if (device === undefined) return;
  const wanted = device === 'cpu' ? -1 : numberOf(device);
  if (wanted !== backend.device)
    throw unavailable(
      `device '${device}' cannot be used: this process computes on '${deviceName(backend.device)}' already; use another process`,
    );
}

function deviceName(device: DeviceIndex): string {
  return device < 0 ? 'cpu' : `cuda:${device}`;
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
    device: deviceName(device),
    deviceName: device < 0 ? cpuLine(addon.cpuInfo()) : addon.cudaDevices()[device]!,
    torchVersion: addon.torchVersion,
    threads: addon.threads(),
    precision: precisionOf(backend),
    memory: backend.memory(),
  };
}
