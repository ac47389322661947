import type { Precision, ProcessPlace } from '@simvlm/backend-native';
import type { ProcessGroup } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs';

/** What a provider found out about its backend on this machine. */
export type Availability =
  | {
      readonly available: true;
      readonly reason: string;
      /** In place of the provider's own rank, where the check found out more. */
      readonly rank?: number;
    }
  | { readonly available: false; readonly reason: string };

/** One way to compute: how to find out whether it works here, and how to make it the tfjs backend. */
export interface BackendProvider {
  /** The name of the tfjs backend: `native`, `webgpu`, `wasm`, `cpu`, or one of your own. */
  readonly name: string;
  /** Higher is preferred. Ours: native on CUDA 400, webgpu 300, native on CPU 200, wasm 100, cpu 0. */
  readonly rank: number;
  /** Devices that can be asked for: names, and `cuda:N` for a name with any number. Default: `cpu` alone. */
  readonly devices?: readonly string[];
  /** How exactly it can compute. Default: `float32` alone. */
  readonly precisions?: readonly Precision[];
  /** Cheap, without side effects; never throws: what is missing belongs in `reason`. */
  check(options: CheckOptions): Promise<Availability>;
  /** Registers the backend with tfjs and makes it ready; gives a line such as "SIMD, 2 threads". May throw. */
  activate(options: ActivateOptions): Promise<string>;
  /** Joins the other processes of a training, after `activate`; left out by backends whose tensors stay in one process. */
  joinProcessGroup?(place: ProcessPlace): Promise<ProcessGroup<tf.Tensor>>;
}

export interface ActivateOptions {
  /** One of the provider's `devices`; default: the fastest that it finds. */
  readonly device?: string;
  /** One of the provider's `precisions`; default `float32`. */
  readonly precision?: Precision;
  /** Of `webgpu`: take an adapter that computes on the processor; default: the environment variable SIMVLM_WEBGPU_SOFTWARE=1. */
  readonly software?: boolean;
  /** Threads for backends that have them; default: what the backend finds best here. */
  readonly threads?: number;
}

interface CheckOptions extends ActivateOptions {
  /** The backend that was asked for, if any. */
  readonly prefer?: string | undefined;
}

const providers = new Map<string, BackendProvider>();

/**
 * Adds a backend to those that `pickBackend` chooses from. This is where ours plug in too. A provider of the same name is replaced.
 */
export function registerBackendProvider(provider: BackendProvider): void {
  providers.set(provider.name, provider);
}

/** All providers, the preferred one first. */
export function backendProviders(): BackendProvider[] {
  return [...providers.values()].sort((a, b) => b.rank - a.rank);
}
