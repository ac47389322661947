import type { JobMessage, ReplyMessage } from './messages';

/** A worker thread, in Node or a browser. */
export interface Thread {
  post(message: JobMessage, transfer: Transferable[]): void;
  /** Whether the process may end while the thread is there. Browsers have no such thing. */
  mayEnd(value: boolean): void;
  terminate(): void;
}

export interface ThreadEvents {
  readonly onReply: (reply: ReplyMessage) => void;
  /** Once, when the thread ends by anything but `terminate`. */
  readonly onDeath: (cause: unknown) => void;
}

interface NodeWorker {
  on(event: 'message' | 'error' | 'exit', listener: (value: never) => void): void;
  postMessage(message: unknown, transfer: Transferable[]): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}
interface WorkerThreads {
  Worker: new (file: URL, options: object) => NodeWorker;
}

/** Starts a thread that makes pictures. It may be posted to at once. */
export function startThread(events: ThreadEvents): Thread {
  const threads = workerThreads();
  return threads ? startInNode(threads, events) : startInBrowser(events);
}

function startInNode({ Worker }: WorkerThreads, { onReply, onDeath }: ThreadEvents): Thread {
  // A name in a variable: bundlers for browsers must not look for it.
  const file = './node-worker.js';
  // No execArgv: a loader of the parent process has no business here and is slow to start.
  const worker = new Worker(new URL(file, import.meta.url), { execArgv: [], name: 'simvlm pictures' });
  let ended = false;
  const died = (cause: unknown) => {
    if (!ended) onDeath(cause);
    ended = true;
  };
  worker.on('message', onReply);
  worker.on('error', died);
  worker.on('exit', (code: number) => died(new Error(`it ended with code ${code}`)));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    mayEnd: value => (value ? worker.unref() : worker.ref()),
    terminate: () => {
      ended = true;
      void worker.terminate();
    },
  };
}

function startInBrowser({ onReply, onDeath }: ThreadEvents): Thread {
  const worker = new Worker(new URL('./browser-worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => onReply(data);
  worker.onerror = event => {
    worker.terminate();
    onDeath(new Error(event.message || 'its script could not be loaded'));
  };
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    mayEnd: () => {},
    terminate: () => worker.terminate(),
  };
}

/** Node's module, without an import that a bundler for browsers would stumble over. */
function workerThreads(): WorkerThreads | undefined {
  const { process } = globalThis as {
    process?: { versions?: { node?: string }; getBuiltinModule?(name: string): unknown };
  };
  if (process?.versions?.node === undefined) return undefined;
  return process.getBuiltinModule?.('node:worker_threads') as WorkerThreads | undefined;
}
