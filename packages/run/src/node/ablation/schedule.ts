import type { GridRun } from './one-run';

/** How a run that was started ended. */
export type RunEnd = 'done' | 'interrupted' | 'failed';

export interface AblateOptions {
  /** Runs at a time. Default 1. */
  readonly jobs?: number | undefined;
  /** Trains and evaluates a run, in this process or another. It does not reject: what went wrong it leaves in `failure.json`. */
  readonly start: (run: GridRun) => Promise<RunEnd>;
  /** Called before a run starts and after it has ended. */
  readonly onRun?: (run: GridRun, end?: RunEnd) => void;
  /** Starts no more runs. */
  readonly signal?: AbortSignal | undefined;
}

/** Starts runs in their order, so many at a time; one that begins with the weights of another waits for that, and is left out where that failed. */
export async function schedule(
  runs: readonly GridRun[],
  { jobs = 1, start, onRun, signal }: AblateOptions,
): Promise<void> {
  const waiting = [...runs];
  const ends = new Map<string, RunEnd>();
  const before = ({ cell, seed }: GridRun) => `${cell.after}/seed-${seed}`;
  const isListed = (id: string) => runs.some(run => run.id === id);
  const underWay = new Set<Promise<void>>();
  for (;;) {
    const next = signal?.aborted
      ? -1
      : waiting.findIndex(run => !isListed(before(run)) || ends.has(before(run)));
    if (next < 0 && underWay.size === 0) return;
    if (next < 0 || underWay.size >= jobs) {
      await Promise.race(underWay);
      continue;
    }
    const [run] = waiting.splice(next, 1) as [GridRun];
    if (isListed(before(run)) && ends.get(before(run)) !== 'done') {
      // The row of that run says why; this one was not tried.
      ends.set(run.id, 'interrupted');
      continue;
    }
    onRun?.(run);
    const work: Promise<void> = start(run).then(end => {
      underWay.delete(work);
      ends.set(run.id, end);
      onRun?.(run, end);
    });
    underWay.add(work);
  }
}
