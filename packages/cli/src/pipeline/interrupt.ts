import type { Terminal } from '../terminal';

/**
 * Runs `work` with a signal that Ctrl-C (or a polite kill) aborts; a second Ctrl-C ends the process at once, as usual.
 */
export async function interruptible<T>(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    terminal.note('stopping after this step (Ctrl-C again: at once, back to the last checkpoint)');
    controller.abort();
    release();
  };
  const release = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    release();
  }
}
