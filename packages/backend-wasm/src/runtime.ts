import { BackendError } from '@simvlm/core';
import { binary, kernelNames } from './generated/wasm';
import { ARGS_AT, ARGS_SLOTS, MAX_CHUNKS, SCRATCH_AT } from './layout';
import { Allocator } from './memory';
import { ThreadPool } from './threads/pool';

/** A function of `assembly/*.ts` that does a share of a job. */
export type KernelName = (typeof kernelNames)[number];

/** An argument of a job: an integer or address as a number, a float32 as `{ f32 }`. */
export type JobArg = number | { readonly f32: number };

type Kernel = (args: number, begin: number, end: number) => void;

/** The compiled kernels, the memory they work on, and the threads that run them. */
export class WasmRuntime {
  readonly memory: WebAssembly.Memory;
  readonly allocator: Allocator;
  readonly #pool: ThreadPool;
  readonly #kernels: Readonly<Record<string, Kernel>>;
  #buffer: ArrayBufferLike;
  #floats: Float32Array;
  #ints: Int32Array;
  #bytes: Uint8Array;

  private constructor(memory: WebAssembly.Memory, kernels: Record<string, Kernel>, pool: ThreadPool) {
    this.memory = memory;
    this.allocator = new Allocator(memory);
    this.#kernels = kernels;
    this.#pool = pool;
    this.#buffer = memory.buffer;
    this.#floats = new Float32Array(this.#buffer);
    this.#ints = new Int32Array(this.#buffer);
    this.#bytes = new Uint8Array(this.#buffer);
  }

  /** Compiles the kernels and starts `threads − 1` workers; fewer where the platform cannot share memory. */
  static async create(threads: number): Promise<WasmRuntime> {
    const bytes = Uint8Array.from(atob(binary), char => char.charCodeAt(0));
    const memory = sharedMemory();
    let module: WebAssembly.Module;
    let instance: WebAssembly.Instance;
    try {
      module = await WebAssembly.compile(bytes);
      instance = await WebAssembly.instantiate(module, { env: { memory } });
    } catch (cause) {
      throw new BackendError(
        'BACKEND_UNAVAILABLE',
        'WebAssembly with SIMD and threads does not work here: update the browser or Node, or use the cpu backend',
        { cause },
      );
    }
    const kernels = instance.exports as unknown as Record<string, Kernel>;
    kernels.initThread!(SCRATCH_AT, 0, 0);
    const list = kernelNames.map(name => kernels[name]!);
    const pool = await ThreadPool.create(module, memory, list, [...kernelNames], threads);
    return new WasmRuntime(memory, kernels, pool);
  }

  /** Threads that share a job, the caller among them. */
  get threads(): number {
    return this.#pool.size;
  }

  /**
   * Runs `kernel` over items 0 … items − 1. They are cut into chunks of a multiple of `grain` items, at most
   * 32 chunks in all; where the cuts fall depends on `items` and `grain` only, never on the threads, so that results
   * are the same bit for bit on one thread or many. `grain` is the number of items that are worth waking a
   * thread for (about 10 µs of work): a job of one chunk runs at once on the caller.
   */
  runJob(kernel: KernelName, items: number, args: readonly JobArg[], grain = 1): void {
    if (items <= 0) return;
    if (args.length > ARGS_SLOTS) {
      throw new BackendError(
        'BACKEND_FAILED',
        `${kernel} got ${args.length} arguments; at most ${ARGS_SLOTS} fit`,
      );
    }
    const at = ARGS_AT >> 2;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (typeof arg === 'number') this.#ints[at + i] = arg;
      else this.#floats[at + i] = arg.f32;
    }
    const chunk = Math.ceil(Math.ceil(items / MAX_CHUNKS) / grain) * grain;
    if (chunk < items && this.#pool.size > 1) this.#pool.run(kernel, items, chunk);
    else {
      const run = this.#kernels[kernel]!;
      for (let begin = 0; begin < items; begin += chunk) run(ARGS_AT, begin, Math.min(begin + chunk, items));
    }
  }

  /** A view of `length` float32 at byte address `at`; valid while the block lives. */
  floats(at: number, length: number): Float32Array {
    this.#refresh();
    return this.#floats.subarray(at >>> 2, (at >>> 2) + length);
  }

  /** A view of `length` int32 at byte address `at`. */
  ints(at: number, length: number): Int32Array {
    this.#refresh();
    return this.#ints.subarray(at >>> 2, (at >>> 2) + length);
  }

  /** A view of `length` bytes at byte address `at`. */
  bytes(at: number, length: number): Uint8Array {
    this.#refresh();
    return this.#bytes.subarray(at, at + length);
  }

  /** Calls `use` with the address of `bytes` uninitialised bytes that are released afterwards. */
  withScratch<T>(bytes: number, use: (at: number) => T): T {
    const at = this.allocator.allocate(bytes);
    try {
      return use(at);
    } finally {
      this.allocator.release(at);
    }
  }

  /** Stops the workers. The memory goes when the last view of it does. */
  dispose(): void {
    this.#pool.dispose();
  }

  /** A shared memory that grew hands out a longer buffer; the views on the shorter one stay valid. */
  #refresh(): void {
    if (this.#buffer === this.memory.buffer) return;
    this.#buffer = this.memory.buffer;
    this.#floats = new Float32Array(this.#buffer);
    this.#ints = new Int32Array(this.#buffer);
    this.#bytes = new Uint8Array(this.#buffer);
  }
}

/** The largest shared memory that the platform grants: some refuse to reserve 4 GiB of addresses. */
function sharedMemory(): WebAssembly.Memory {
  let cause: unknown;
  for (let maximum = 65536; maximum >= 1024; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: 256, maximum, shared: true });
    } catch (error) {
      cause = error;
    }
  }
  throw new BackendError('BACKEND_UNAVAILABLE', 'this platform grants no shared WebAssembly memory', {
    cause,
  });
}
