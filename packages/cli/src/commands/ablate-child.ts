import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { TrainingError } from '@simvlm/core';
import {
  type AblateOptions,
  type GridRun,
  hasFailure,
  RUN_FILES,
  type RunEnd,
  writeFailure,
} from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import type { ComputeOptions } from './compute-options';

/** What `simvlm ablate` is told, and passes on to the processes of its runs. */
export interface AblateCommandOptions extends ComputeOptions {
  out: string;
  jobs: number;
  threads?: number;
  only: readonly string[];
  table?: string;
  test?: boolean;
  dryRun?: boolean;
  /** `CELL/seed-S`: this run alone, in this process. */
  run?: string;
}

/**
 * Starts runs of a grid in processes of their own: one that runs out of memory takes no other with it, and each has its threads for itself.
 * What they print goes to `log.txt` of their folders. A process that starts them and is killed takes them with it.
 *
 * @param place of the grid
 */
export function startGridRun(
  place: string,
  options: AblateCommandOptions,
  signal: AbortSignal,
): AblateOptions['start'] {
  const { out, jobs, threads = Math.max(1, Math.floor(availableParallelism() / jobs)) } = options;
  const given = (['backend', 'device', 'precision'] as const).flatMap(key =>
    options[key] === undefined ? [] : [`--${key}`, options[key]],
  );
  return async ({ id }: GridRun): Promise<RunEnd> => {
    const folder = join(out, id);
    await mkdir(folder, { recursive: true });
    const log = await open(join(folder, RUN_FILES.log), 'a');
    const args = ['ablate', place, '--out', out, '--run', id, '--threads', `${threads}`, ...given];
    if (options.test) args.push('--test');
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
      env: { ...process.env, [PARENT]: `${process.pid}` },
      // Ctrl-C in the terminal is for this process, which passes it on once.
      detached: true,
    });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      const { code, killed } = await new Promise<{ code: number | null; killed: string | null }>(
        (resolve, reject) => {
          child.on('error', reject).on('close', (code, killed) => resolve({ code, killed }));
        },
      );
      if (code === exitCode.ok) return 'done';
      if (code === exitCode.interrupted || signal.aborted) return 'interrupted';
      if (!(await hasFailure(folder))) await writeFailure(folder, lost(folder, code, killed));
      return 'failed';
    } finally {
      signal.removeEventListener('abort', stop);
      await log.close();
    }
  };
}

/** The environment variable by which a process knows that it was started as above, and not by another program that has a channel to it. */
const PARENT = 'SIMVLM_ABLATE_PARENT';

/** Ends this process with the one that started it as above. */
export function endWithParent(): void {
  if (!process.channel || process.env[PARENT] !== `${process.ppid}`) return;
  process.on('disconnect', () => process.exit(exitCode.interrupted));
  // It waits for nothing, and is in no one's way at the end.
  process.channel.unref();
}

function lost(folder: string, code: number | null, killed: string | null): TrainingError {
  const how = killed === null ? `with code ${code}` : `by ${killed}, as when memory runs out`;
  return new TrainingError(
    'OUT_OF_MEMORY',
    `the process ended ${how}, and said no more than is in ${join(folder, RUN_FILES.log)}`,
  );
}
