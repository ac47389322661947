/**
 * How a way to compute is found, chosen and made ready. Types only; `@simvlm/runtime` chooses among them.
 */
import type { ProcessGroup } from './contracts';

/** How exactly a backend computes: all in float32, or matrix products and convolutions on bfloat16 numbers. */
export type Precision = 'float32' | 'bfloat16';

/** Which of several processes this one is, and where they meet. */
export interface ProcessPlace {
  /** 0 ≤ rank < size. */
  readonly rank: number;
  readonly size: number;
  /** Where they meet: a name or an address, and a port, on which process 0 listens. */
  readonly host: string;
  readonly port: number;
  /** `torchrun` listens there itself: process 0 takes a port of its own, and the launcher's store says which. */
  readonly launcherListens?: boolean;
}

/** What a provider found out about its backend on this machine. */
export type Availability =
  | {
      readonly available: true;
      readonly reason: string;
      /** In place of the provider's own rank, where the check found out more. */
      readonly rank?: number;
    }
  | { readonly available: false; readonly reason: string };

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

/**
 * One way to compute: how to find out whether it works here, and how to make it ready. `any` stands for the tensors of the library in use,
 * which this package does not know.
 */
export interface BackendProvider {
  /** Its name in tfjs, and of `--backend`: `native`, `webgpu`, `wasm`, `cpu`, or one of your own. */
  readonly name: string;
  /** Higher is preferred. Ours: native on CUDA 400, webgpu 300, native on CPU 200, wasm 100, cpu 0. */
  readonly rank: number;
  /** Devices that can be asked for: names, and `cuda:N` for a name with any number. Default: `cpu` alone. */
  readonly devices?: readonly string[];
  /** How exactly it can compute. Default: `float32` alone. */
  readonly precisions?: readonly Precision[];
  /** Cheap, without side effects; never throws: what is missing belongs in `reason`. `prefer` is the backend that was asked for, if any. */
  check(options: ActivateOptions & { readonly prefer?: string | undefined }): Promise<Availability>;
  /** Registers the backend with tfjs and makes it ready; gives a line such as "SIMD, 2 threads". May throw. */
  activate(options: ActivateOptions): Promise<string>;
  /** Joins the other processes of a training, after `activate`; left out by backends whose tensors stay in one process. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  joinProcessGroup?(place: ProcessPlace): Promise<ProcessGroup<any>>;
}
