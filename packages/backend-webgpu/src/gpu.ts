import { BackendError } from '@simvlm/core';

/** Names of the globals that Dawn brings for browsers' code, such as `GPUBufferUsage`. */
interface Dawn {
  readonly create: (flags: string[]) => GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

let inNode: Promise<GPU> | undefined;

/**
 * WebGPU's entry point: the browser's, or in Node that of Dawn, Chromium's implementation, from the optional package `webgpu`.
 *
 * @throws BackendError `BACKEND_UNAVAILABLE` that says what is missing
 */
export async function findGpu(): Promise<GPU> {
  const { navigator } = globalThis as { navigator?: Navigator };
  if (navigator?.gpu) return navigator.gpu;
  if (typeof process === 'undefined' || !process.versions?.node) {
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      'this browser has no WebGPU, or the page is neither from https nor from localhost',
    );
  }
  inNode ??= startDawn().catch(error => {
    inNode = undefined;
    throw error;
  });
  return inNode;
}

async function startDawn(): Promise<GPU> {
  // A name that bundlers for browsers do not follow.
  const name = 'webgpu';
  let dawn: Dawn;
  try {
    dawn = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as Dawn;
  } catch (error) {
    const isMissing = (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      isMissing
        ? 'WebGPU in Node needs Dawn: npm install webgpu'
        : `Dawn (npm package webgpu) does not load: ${(error as Error).message}`,
      { cause: error },
    );
  }
  // tfjs expects what browsers have.
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  const { navigator } = globalThis as { navigator?: object };
  if (navigator) Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  return gpu;
}
