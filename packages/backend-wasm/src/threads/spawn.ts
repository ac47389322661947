import { workerSource } from './worker-source';

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The exports of the module, in the order in which jobs number them. */
  readonly names: readonly string[];
  /** 1 and up; the caller is thread 0. */
  readonly thread: number;
}

/** A worker that has started, in Node or a browser. */
export interface SpawnedWorker {
  terminate(): void;
}

interface NodeWorker {
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void;
  unref(): void;
  terminate(): Promise<number>;
}
interface NodeWorkerThreads {
  Worker: new (source: string, options: object) => NodeWorker;
}
interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
  versions?: { node?: string };
}

/** `true` where workers can share memory with this thread. */
export function canSpawn(): boolean {
  return nodeThreads() !== undefined || globalThis.crossOriginIsolated === true;
}

/** Cores that this process may use. */
export function availableCores(): number {
  const os = nodeModule<{ availableParallelism(): number }>('node:os');
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** `true` where this thread may sleep: not on the main thread of a page. */
export function maySleep(): boolean {
  return nodeThreads() !== undefined || typeof document === 'undefined';
}

/** Starts a worker and waits until it is ready. `onDeath` is called if it ends by anything but `terminate`. */
export function spawn(start: WorkerStart, onDeath: (cause: unknown) => void): Promise<SpawnedWorker> {
  const threads = nodeThreads();
  return threads ? spawnInNode(threads, start, onDeath) : spawnInBrowser(start, onDeath);
}

function spawnInNode(
  { Worker }: NodeWorkerThreads,
  start: WorkerStart,
  onDeath: (cause: unknown) => void,
): Promise<SpawnedWorker> {
  return new Promise((resolve, reject) => {
    // No execArgv: a loader of the parent process (tsx, a test runner) has no business here and is slow to start.
    const worker = new Worker(workerSource, {
      eval: true,
      workerData: start,
      execArgv: [],
      name: 'wasm kernels',
    });
    let terminated = false;
    const died = (cause: unknown): void => {
      reject(cause);
      if (!terminated) onDeath(cause);
    };
    worker.on('message', () => {
      // From here on the worker does not keep the process alive.
      worker.unref();
      resolve({
        terminate: () => {
          terminated = true;
          void worker.terminate();
        },
      });
    });
    worker.on('error', died);
    worker.on('exit', died);
  });
}

function spawnInBrowser(start: WorkerStart, onDeath: (cause: unknown) => void): Promise<SpawnedWorker> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.onmessage = () => {
      URL.revokeObjectURL(url);
      resolve(worker);
    };
    worker.onerror = event => {
      reject(event);
      onDeath(event);
    };
    worker.postMessage(start);
  });
}

function nodeThreads(): NodeWorkerThreads | undefined {
  return nodeModule<NodeWorkerThreads>('node:worker_threads');
}

/** A built-in module of Node, without an import that a browser bundler would stumble over. */
function nodeModule<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  if (process?.versions?.node === undefined) return undefined;
  return process.getBuiltinModule?.(name) as T | undefined;
}
