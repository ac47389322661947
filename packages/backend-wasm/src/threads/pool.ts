import { BackendError } from '@simvlm/core';
import { ARGS_AT, control } from '../layout';
import { canSpawn, maySleep, type SpawnedWorker, spawn } from './spawn';

type Kernel = (args: number, begin: number, end: number) => void;

/** How long the caller looks out for the last chunks before it sleeps. */
const SPIN_MS = 0.2;
/** A chunk takes milliseconds: if none ends in this time, its worker is gone. */
const LOST_MS = 60_000;

/**
 * The caller and its workers. A job is published by one store to `state`; the caller works on it like everybody else, and
 * when no chunk is left to claim, it waits for those that workers still run, never for a worker that has yet to
 * wake up. Between jobs `state` shows no chunks, so that what describes a job is written in peace.
 */
export class ThreadPool {
  readonly #control: Int32Array;
  readonly #kernels: readonly Kernel[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #workers: SpawnedWorker[] = [];
  readonly #maySleep = maySleep();
  #epoch = 0;
  #broken = false;

  private constructor(memory: WebAssembly.Memory, kernels: readonly Kernel[], names: readonly string[]) {
    this.#control = new Int32Array(memory.buffer, 0, 128);
    this.#kernels = kernels;
    this.#index = new Map(names.map((name, index) => [name, index]));
  }

  /** Starts `threads − 1` workers and waits for them; none where memory cannot be shared. */
  static async create(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    kernels: readonly Kernel[],
    names: readonly string[],
    threads: number,
  ): Promise<ThreadPool> {
    const pool = new ThreadPool(memory, kernels, names);
    if (threads < 2 || !canSpawn()) return pool;
    const starts = Array.from({ length: threads - 1 }, (_, i) =>
      spawn({ module, memory, names, thread: i + 1 }, () => pool.#lose()),
    );
    for (const outcome of await Promise.allSettled(starts)) {
      // A platform that refuses some workers still has the others.
      if (outcome.status === 'fulfilled') pool.#workers.push(outcome.value);
    }
    pool.#broken = false;
    return pool;
  }

  /** Threads that share a job, the caller among them. */
  get size(): number {
    return this.#broken ? 1 : 1 + this.#workers.length;
  }

  /** Runs a job whose arguments are in place. Throws `BackendError` if a kernel trapped or a worker is gone. */
  run(kernel: string, items: number, chunk: number): void {
    const c = this.#control;
    const chunks = Math.ceil(items / chunk);
    const index = this.#index.get(kernel)!;
    const run = this.#kernels[index]!;
    c[control.kernel] = index;
    c[control.items] = items;
    c[control.chunk] = chunk;
    c[control.chunks] = chunks;
    Atomics.store(c, control.done, 0);
    this.#epoch = (this.#epoch + 1) & 0xffffff;
    let state = (this.#epoch << 8) | chunks;
    Atomics.store(c, control.state, state);
    const sleepers = Atomics.load(c, control.sleepers);
    if (sleepers > 0) Atomics.notify(c, control.state, Math.min(sleepers, chunks - 1));

    let mine = 0;
    let error: unknown;
    while ((state & 255) !== 0) {
      const seen = Atomics.compareExchange(c, control.state, state, state - 1);
      if (seen !== state) {
        state = seen;
        continue;
      }
      const begin = (chunks - (state & 255)) * chunk;
      try {
        run(ARGS_AT, begin, Math.min(begin + chunk, items));
      } catch (cause) {
        error ??= cause;
      }
      mine++;
      state--;
    }
    if (mine < chunks) this.#await(chunks - mine);
    if (error !== undefined || Atomics.exchange(c, control.failed, 0) === 1) {
      throw new BackendError('BACKEND_FAILED', `the wasm kernel ${kernel} trapped on ${items} items`, {
        cause: error,
      });
    }
  }

  dispose(): void {
    Atomics.store(this.#control, control.stop, 1);
    Atomics.notify(this.#control, control.state);
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  /** Waits until workers have done `chunks` chunks. */
  #await(chunks: number): void {
    const c = this.#control;
    const start = performance.now();
    for (let turn = 1; Atomics.load(c, control.done) < chunks; turn++) {
      if ((turn & 63) !== 0) continue;
      const waited = performance.now() - start;
      if (waited < SPIN_MS) continue;
      if (waited > LOST_MS) {
        this.#lose();
        throw new BackendError(
          'BACKEND_FAILED',
          'a worker of the wasm backend died in a kernel: its result is lost',
        );
      }
      if (!this.#maySleep) continue;
      Atomics.store(c, control.callerSleeps, 1);
      const done = Atomics.load(c, control.done);
      if (done < chunks) Atomics.wait(c, control.done, done, 100);
      Atomics.store(c, control.callerSleeps, 0);
    }
  }

  /** A worker is gone: the caller works alone from here on. */
  #lose(): void {
    this.#broken = true;
    this.dispose();
  }
}
