import { exitCode } from './exit-code';
import type { Terminal } from './terminal';

/** Ctrl-C, a polite kill, and a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Pieces of interruptible work that are under way. */
let underWay = 0;
const exitUnlessUnderWay = () => {
  if (underWay === 0) process.exit(exitCode.interrupted);
};

/** From now on a signal ends this process with exit code 130, except where `interruptible` takes it. */
export function exitOnSignals(): void {
  for (const signal of SIGNALS) process.on(signal, exitUnlessUnderWay);
}

/**
 * Runs `work` with a signal that Ctrl-C, a polite kill or the end of the terminal aborts. A second Ctrl-C or kill ends the process at
 * once, even in the middle of a step. A second SIGHUP does not: kernel and shell may both send one when a terminal closes.
 */
export async function interruptible<T>(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) return;
    terminal.note('stopping after this step (Ctrl-C again: at once, back to the last checkpoint)');
    controller.abort();
    // Without listeners the system ends the process, which a step that computes cannot delay.
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.off(signal, stop).off(signal, exitUnlessUnderWay);
  };
  underWay++;
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    underWay--;
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
