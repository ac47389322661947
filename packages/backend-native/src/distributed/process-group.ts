import {
  type AllReduceOptions,
  BackendError,
  checkOptions,
  type ProcessGroup,
  type ProcessPlace,
  rule,
} from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { nativeError } from '../aten';
import type { NativeBackend } from '../backend';
import { nativeBackend } from '../register';

/** How to join. */
export interface JoinOptions {
  /** Whole seconds that a process waits for the others, when joining and in each collective; default 600. */
  readonly timeout?: number;
}

/** As long as PyTorch lets NCCL wait: a checkpoint on a slow disk, or data drawn for the first time, take minutes. */
const TIMEOUT = 600;

/**
 * Joins the other processes, through c10d: Gloo between CPUs, NCCL between CUDA devices. The backend 'native' must have been
 * registered. The event loop goes on meanwhile.
 *
 * @param place as `processPlace()` reads it from the environment
 * @returns once all processes are there; the caller disposes it
 * @throws BackendError when this process cannot reach process 0, when another is missing after the timeout, when two have the same
 *   rank or count different numbers of processes, or when the addon was built without Gloo or NCCL
 */
export async function joinProcessGroup(
  place: ProcessPlace,
  options: JoinOptions = {},
): Promise<ProcessGroup<tf.Tensor>> {
  checkOptions('processes', options, { timeout: rule.integer(1, 1e6) });
  const backend = nativeBackend();
  if (!backend)
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      "processes join through the backend 'native': call registerNativeBackend() first",
    );
  // NCCL's errors are to come as errors: by default its watchdog ends the process.
  if (backend.device >= 0) process.env.TORCH_NCCL_BLOCKING_WAIT ??= '1';
  const { rank, size, host, port, launcherListens = false } = place;
  const timeout = (options.timeout ?? TIMEOUT) * 1000;
  try {
    const group = await backend.addon.groupJoin(
      host,
      port,
      rank,
      size,
      timeout,
      backend.device,
      launcherListens,
    );
    return new NativeProcessGroup(backend, group, rank, size);
  } catch (error) {
    throw nativeError('joining the other processes', error as Error);
  }
}

class NativeProcessGroup implements ProcessGroup<tf.Tensor> {
  readonly rank: number;
  readonly size: number;
  readonly #backend: NativeBackend;
  #group: number | undefined;

  constructor(backend: NativeBackend, group: number, rank: number, size: number) {
    this.#backend = backend;
    this.#group = group;
    this.rank = rank;
    this.size = size;
  }

  allReduce(
    tensors: readonly tf.Tensor[],
    { precision = 'float32' }: AllReduceOptions = {},
  ): Promise<tf.Tensor[]> {
    const compressed = precision === 'bfloat16';
    if (compressed && tensors.some(({ dtype }) => dtype !== 'float32'))
      return Promise.reject(
        new BackendError('BACKEND_FAILED', 'all-reduce: only float32 travels as bfloat16'),
      );
    return this.#collect('all-reduce', tensors, (group, handles) =>
      this.#backend.addon.groupAllReduce(group, handles, compressed),
    );
  }

  broadcast(tensors: readonly tf.Tensor[], from = 0): Promise<tf.Tensor[]> {
    return this.#collect('broadcast', tensors, (group, handles) =>
      this.#backend.addon.groupBroadcast(group, handles, from),
    );
  }

  async barrier(): Promise<void> {
    const nothing = tf.zeros([1]);
    try {
      tf.dispose(await this.allReduce([nothing]));
    } finally {
      nothing.dispose();
    }
  }

  dispose(): void {
    if (this.#group !== undefined) this.#backend.addon.groupLeave(this.#group);
    this.#group = undefined;
  }

  async #collect(
    what: string,
    tensors: readonly tf.Tensor[],
    start: (group: number, handles: Handle[]) => Promise<Handle[]>,
  ): Promise<tf.Tensor[]> {
    if (this.#group === undefined)
      throw new BackendError('BACKEND_FAILED', `${what}: this process has left the group`);
    for (const { dtype } of tensors) {
      if (dtype !== 'float32' && dtype !== 'int32')
        throw new BackendError('BACKEND_FAILED', `${what}: tensors must be float32 or int32, got ${dtype}`);
    }
    const backend = this.#backend;
    const mark = backend.mark();
    let started: Promise<Handle[]>;
    try {
      // What is given is copied before this returns: it may be disposed while the numbers are on their way.
      started = start(
        this.#group,
        tensors.map(tensor => backend.input(tensor)),
      );
    } finally {
      backend.release(mark);
    }
    let handles: Handle[];
    try {
      handles = await started;
    } catch (error) {
      const who = `${what} in process ${this.rank} of ${this.size}`;
      throw nativeError(`${who} (has another one ended?)`, error as Error);
    }
    return handles.map((handle, i) => {
      const { shape, dtype } = tensors[i]!;
      const info = backend.output(handle, shape, dtype);
      backend.addon.free(handle);
      return tf.engine().makeTensorFromTensorInfo(info);
    });
  }
}
