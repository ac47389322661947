import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { takeSoftwareDriver } from '../../../scripts/parts/chromium';

/** Compiles the kernels of wasm where their sources have changed. */
const ensureWasm = fileURLToPath(
  new URL('../../../packages/backend-wasm/scripts/ensure-wasm.mjs', import.meta.url),
);

/** A backend as the specs see it. */
export interface Environment {
  readonly backendName: string;
  /** Flags of tfjs, set before each suite. */
  readonly flags?: Readonly<Record<string, boolean>>;
  /** Whether tensors can be read without waiting; specs that do so are left out where not. */
  readonly isDataSync: boolean;
  /** Compiles what the backend needs, once for all processes. */
  readonly prepare?: () => Promise<unknown>;
  /** Registers the backend and makes it ready. */
  readonly start: () => Promise<void>;
}

export const environmentNames = ['wasm', 'native', 'webgpu', 'tfjs-cpu', 'tfjs-webgpu'] as const;
export type EnvironmentName = (typeof environmentNames)[number];

const webgpu = {
  backendName: 'webgpu',
  // Otherwise tfjs computes small tensors on the processor, and nothing is tested.
  flags: { WEBGPU_CPU_FORWARD: false },
  isDataSync: false,
} as const;

/** One thread each, as several processes share the work. `tfjs-…` are tfjs's own backends, to compare with. */
export const environments: Readonly<Record<EnvironmentName, Environment>> = {
  wasm: {
    backendName: 'wasm',
    isDataSync: true,
    prepare: () => promisify(execFile)(process.execPath, [ensureWasm]),
    start: async () => {
      const { registerWasmBackend } = await import('@simvlm/backend-wasm');
      await registerWasmBackend({ threads: 1 });
    },
  },
  native: {
    backendName: 'native',
    isDataSync: true,
    prepare: async () => (await import('@simvlm/backend-native')).buildAddon(),
    start: async () => {
      const { registerNativeBackend } = await import('@simvlm/backend-native');
      const { torchVersion } = await registerNativeBackend({ device: 'cpu', threads: 1 });
      console.log(`libtorch ${torchVersion}`);
    },
  },
  webgpu: {
    ...webgpu,
    start: async () => {
      takeSoftwareDriver();
      tf.env().setFlags(webgpu.flags);
      const { registerWebGpuBackend, webGpuBackend } = await import('@simvlm/backend-webgpu');
      await registerWebGpuBackend({ software: true });
      webGpuBackend()!.onFailure(({ kind, message }) => {
        throw new Error(`${kind} error on the device: ${message}`);
      });
    },
  },
  'tfjs-cpu': { backendName: 'cpu', isDataSync: true, start: async () => {} },
  'tfjs-webgpu': { ...webgpu, start: startTfjsWebGpu },
};

/** tfjs's own WebGPU backend on Dawn, whose `navigator.gpu` it takes for a browser's. */
async function startTfjsWebGpu(): Promise<void> {
  takeSoftwareDriver();
  tf.env().setFlags(webgpu.flags);
  const { create, globals } = createRequire(import.meta.url)('webgpu') as {
    create: (options: string[]) => unknown;
    globals: object;
  };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });
  await import('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
}
