import * as tf from '@tensorflow/tfjs-core';

/** One of our backends and how it computes. */
export interface BackendChoice {
  readonly backend: 'native' | 'wasm';
  readonly threads: number;
  /** Of the native backend; default `cpu`. */
  readonly device?: 'cpu' | 'cuda';
  /** Of the native backend; `tf32` is float32 whose products may be rounded, as the environment allows. Default `float32`. */
  readonly precision?: 'float32' | 'tf32' | 'bfloat16';
}

/** What was started. */
export interface BackendReport {
  readonly versions: Readonly<Record<string, string>>;
  /** One line on how it computes. */
  readonly detail: string;
}

/** Makes one of our backends the current one. */
export async function useBackend(choice: BackendChoice): Promise<BackendReport> {
  const report = choice.backend === 'native' ? await native(choice) : await wasm(choice.threads);
  if (!(await tf.setBackend(choice.backend))) throw new Error(`the backend ${choice.backend} did not start`);
  return report;
}

async function native({ device = 'cpu', threads, precision }: BackendChoice): Promise<BackendReport> {
  const { registerNativeBackend } = await import('@simvlm/backend-native');
  const { deviceName, torchVersion } = await registerNativeBackend({
    ...{ device, threads },
    // tf32 is what cuBLAS may make of float32.
    precision: precision === 'bfloat16' ? 'bfloat16' : 'float32',
  });
  return {
    versions: { '@tensorflow/tfjs-core': tf.version_core, libtorch: torchVersion },
    detail: precision === 'bfloat16' ? `${deviceName}, bfloat16` : deviceName,
  };
}

async function wasm(threads: number): Promise<BackendReport> {
  const { registerWasmBackend } = await import('@simvlm/backend-wasm');
  const info = await registerWasmBackend({ threads });
  return { versions: { '@tensorflow/tfjs-core': tf.version_core }, detail: `SIMD, ${info.threads} threads` };
}
