import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { SimVlmWebGpuBackend } from './backend';
import { type DeviceOptions, nameOf, type Precision, requestAdapter, requestDevice } from './device';
import { fusedKernels } from './fused/index';
import { kernels } from './kernels/index';
import { keepOriginal } from './kernels/original';

const NAME = 'webgpu';

/** What was started. */
export interface WebGpuInfo {
  /** The adapter as people call it. */
  readonly adapter: string;
  /** Whether it computes on the processor. */
  readonly isSoftware: boolean;
  /** Features of the device, such as `subgroups` and `shader-f16`. */
  readonly features: readonly string[];
  /** What matrix products multiply in. */
  readonly precision: Precision;
  /** Bytes of the largest tensor. */
  readonly maxTensorBytes: number;
}

let current: SimVlmWebGpuBackend | undefined;
let starting: Promise<SimVlmWebGpuBackend> | undefined;

/**
 * Registers tfjs's WebGPU backend on a device of our own, with our kernels, as 'webgpu', in place of the one that tfjs registers by
 * itself; then `tf.setBackend('webgpu')` switches to it. Called again, it gives the same one, or a new one where the device was
 * lost: then all tensors on it are gone.
 *
 * @throws BackendError `BACKEND_UNAVAILABLE` that says what is missing
 */
export async function registerWebGpuBackend(options: DeviceOptions = {}): Promise<WebGpuInfo> {
  // Two calls at once get one backend.
  starting ??= start(options).finally(() => {
    starting = undefined;
  });
  return info(await starting);
}

/** Whether there is an adapter that would be taken, and which, or why not; makes no device. */
export async function webGpuStatus(
  options: DeviceOptions = {},
): Promise<{ readonly available: boolean; readonly reason: string }> {
  try {
    return { available: true, reason: `WebGPU on ${nameOf((await requestAdapter(options)).info)}` };
  } catch (error) {
    return { available: false, reason: (error as Error).message };
  }
}

/** The backend, where it was registered. */
export function webGpuBackend(): SimVlmWebGpuBackend | undefined {
  return current;
}

async function start(options: DeviceOptions): Promise<SimVlmWebGpuBackend> {
  if (current && !current.failure) return current;
  const backend = new SimVlmWebGpuBackend(await requestDevice(options));
  if (tf.findBackendFactory(NAME) !== null) tf.removeBackend(NAME);
  if (!tf.registerBackend(NAME, () => backend, 3))
    throw new BackendError('BACKEND_UNAVAILABLE', "the name 'webgpu' is taken by another backend");
  registerKernels();
  current = backend;
  return backend;
}

let registered = false;

/** Ours take the place of tfjs's, and of references that an operation may have registered before. */
function registerKernels(): void {
  if (registered) return;
  const present = new Map(tf.getKernelsForBackend(NAME).map(kernel => [kernel.kernelName, kernel]));
  for (const kernel of [...fusedKernels, ...kernels]) {
    const original = present.get(kernel.kernelName);
    if (original) {
      keepOriginal(original);
      tf.unregisterKernel(kernel.kernelName, NAME);
    }
    tf.registerKernel({ ...kernel, backendName: NAME } as unknown as tf.KernelConfig);
  }
  registered = true;
}

function info({ found, device }: SimVlmWebGpuBackend): WebGpuInfo {
  return {
    adapter: nameOf(found.info),
    isSoftware: found.isSoftware,
    features: [...device.features].sort(),
    precision: found.precision,
    maxTensorBytes: device.limits.maxStorageBufferBindingSize,
  };
}
