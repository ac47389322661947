import { BackendError } from '@simvlm/core';
import { type PickedBackend, pickBackend } from '@simvlm/runtime';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendInfo, StudioFailure } from './engine';
import { gpuLost, toFailure } from './failures';

export interface BackendOptions {
  /** Take this one; default: the fastest that works here. */
  readonly prefer?: string;
  /** Allow an adapter of WebGPU that computes on the processor. */
  readonly software?: boolean;
}

/** What is used of `SimVlmWebGpuBackend`, which is loaded only where there is WebGPU. */
interface Gpu {
  readonly device: { destroy(): void; readonly lost: Promise<unknown> };
  readonly failure: { readonly kind: string; readonly message: string } | undefined;
}

/** Milliseconds in which a device that is lost says so, after what was asked of it has failed. */
const GRACE = 500;

/** A GPU that was lost so often is not tried again. */
const PATIENCE = 3;

/** What the engine computes on: picked when it is first needed, and again after its GPU was lost. */
export class Backend {
  #picked: PickedBackend | undefined;
  #losses = 0;

  constructor(readonly options: BackendOptions = {}) {}

  /** The one in use. After a loss the next one: on a new device where there is one, else wasm. */
  async ready(): Promise<BackendInfo> {
    if (this.#picked && this.#gpu?.failure) {
      this.#losses++;
      this.#picked = undefined;
    }
    this.#picked ??= await this.#pick();
    const { name, detail, reason } = this.#picked;
    return { name: name as BackendInfo['name'], detail, reason };
  }

  /** What went wrong on the device, if anything: whatever was on it is gone then. */
  get failure(): StudioFailure | undefined {
    const failure = this.#gpu?.failure;
    if (!failure) return undefined;
    return failure.kind === 'out-of-memory'
      ? toFailure(new BackendError('OUT_OF_MEMORY', failure.message))
      : gpuLost(failure.message);
  }

  /** The same of an error that was just thrown: on a lost device a kernel may fail a moment before the device says that it is. */
  async failureBehind(): Promise<StudioFailure | undefined> {
    const gpu = this.#gpu;
    if (gpu && !gpu.failure)
      await Promise.race([gpu.device.lost, new Promise(resolve => setTimeout(resolve, GRACE))]);
    return this.failure;
  }

  /** Loses the device as a driver would; `false` where there is none. */
  lose(): boolean {
    const gpu = this.#gpu;
    gpu?.device.destroy();
    return gpu !== undefined;
  }

  get #gpu(): Gpu | undefined {
    return this.#picked?.name === 'webgpu' ? (tf.findBackend('webgpu') as unknown as Gpu) : undefined;
  }

  async #pick(): Promise<PickedBackend> {
    const { software = false, prefer } = this.options;
    if (this.#losses === 0) return pickBackend({ software, ...(prefer && { prefer }) });
    if (this.#losses < PATIENCE) {
      try {
        return await pickBackend({ software, prefer: 'webgpu' });
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
      }
    }
    const picked = await pickBackend({ prefer: 'wasm' });
    return { ...picked, reason: 'the graphics card was lost, and did not come back' };
  }
}
