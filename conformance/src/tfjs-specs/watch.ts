import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Message, Outcome, Share } from './messages';

/** Milliseconds in which a worker starts its backend and names its first spec. */
const START_MS = 300_000;
/** Milliseconds without a word from a worker after which the spec that runs counts as hanging. */
const SILENCE_MS = 120_000;

/** A worker's script, and how long it may be silent. */
export interface WatchOptions {
  readonly script?: string;
  readonly silenceMs?: number;
}

/**
 * Runs a worker and yields how its specs end. A spec that hangs, or that ends the process, fails by its name, and a new worker goes on
 * with the next.
 *
 * @throws Error where a worker ends, or hangs, before its first spec
 */
export async function* watch(share: Share, options: WatchOptions = {}): AsyncGenerator<Outcome> {
  let from = share.from;
  for (;;) {
    let running: { readonly index: number; readonly name: string } | undefined;
    let end: string | undefined;
    for await (const event of events({ ...share, from }, options)) {
      if (typeof event === 'string') end = event;
      else if (event.kind === 'started') running = event;
      else if (event.kind === 'end') return;
      else {
        yield event.outcome;
        if (event.kind === 'done') from = event.index + 1;
        if (event.kind === 'done' && event.index === running?.index) running = undefined;
      }
    }
    if (running === undefined) throw new Error(`a worker ended between two specs: ${end}`);
    yield { name: running.name, failures: [end!] };
    from = running.index + 1;
  }
}

/** The messages of a new worker, and after the last one why it ended, unless it said that it is through. */
async function* events(share: Share, { script, silenceMs = SILENCE_MS }: WatchOptions) {
  const worker = fork(
    script ?? fileURLToPath(new URL('worker.ts', import.meta.url)),
    [JSON.stringify(share)],
    {
      execArgv: ['--import', createRequire(import.meta.url).resolve('tsx')],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  const queue: (Message | string)[] = [];
  let wake = (): void => {};
  const put = (event: Message | string): void => {
    queue.push(event);
    wake();
  };
  let timer = setTimeout(hang, START_MS);
  let hung = false;
  function hang(): void {
    hung = true;
    worker.kill('SIGKILL');
  }
  worker.on('message', message => {
    clearTimeout(timer);
    timer = setTimeout(hang, silenceMs);
    put(message as Message);
  });
  worker.on('error', error => put(error.message));
  worker.on('exit', (code, signal) =>
    put(hung ? `hangs: did not end within ${silenceMs / 1000} s` : `ended the process (${signal ?? code})`),
  );
  try {
    for (;;) {
      while (queue.length === 0) await new Promise<void>(resolve => (wake = resolve));
      const event = queue.shift()!;
      yield event;
      if (typeof event === 'string' || event.kind === 'end') return;
    }
  } finally {
    clearTimeout(timer);
    await ended(worker);
  }
}

async function ended(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGKILL');
  await new Promise(resolve => worker.once('exit', resolve));
}
