import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, isSimVlmError, OutputError, parseJsonObject } from '@simvlm/core';
import { replaceFile, writeProblem } from '@simvlm/core/node';
import { type EvaluatedRun, type RunResult, type TrainedRun, valuesOf } from '../../ablation/results';
import type { GridEvaluation } from '../../ablation/schema';
import { differences, shown } from '../../resume-changes';

/**
 * What a run folder of a grid holds beside the training's own files:
 *
 * ```
 * run.json                what the training was and ended with: there when it is done
 * evaluations/NAME.json   what an evaluation found
 * failure.json            why it failed, until it is tried again
 * log.txt                 what it printed
 * ```
 */
export const RUN_FILES = { trained: 'run.json', failure: 'failure.json', log: 'log.txt' } as const;

export function evaluationFile(folder: string, name: string): string {
  return join(folder, 'evaluations', `${name}.json`);
}

/** Writes a result, whole or not at all. @throws OutputError */
export async function writeResult(path: string, result: object): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    throw new OutputError('DISK_WRITE', `cannot write ${path}: ${writeProblem(path, error)}`, {
      cause: error,
    });
  }
}

/** The result in a file; undefined where there is none. @throws DataError for one that is damaged */
export async function readResult<T>(path: string): Promise<T | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parseJsonObject(bytes, path) as T;
}

/** Says why a run failed, where its table is made. */
export async function writeFailure(folder: string, error: unknown): Promise<void> {
  const message = isSimVlmError(error) ? error.message : `unexpected: ${(error as Error)?.message ?? error}`;
  await writeResult(join(folder, RUN_FILES.failure), { message });
}

export async function hasFailure(folder: string): Promise<boolean> {
  return (await readResult(join(folder, RUN_FILES.failure))) !== undefined;
}

export function clearFailure(folder: string): Promise<void> {
  return rm(join(folder, RUN_FILES.failure), { force: true });
}

/**
 * What a run folder tells of these evaluations.
 *
 * @throws ConfigError where one of them has another meaning now than when it was done
 */
export async function readRunResult(
  folder: string,
  seed: number,
  evaluations: readonly GridEvaluation[],
  checkpoint: EvaluatedRun['checkpoint'],
): Promise<RunResult> {
  const trained = await readResult<TrainedRun>(join(folder, RUN_FILES.trained));
  const evaluated: EvaluatedRun[] = [];
  for (const evaluation of evaluations) {
    const path = evaluationFile(folder, evaluation.name);
    const found = await readResult<EvaluatedRun>(path);
    if (!found) continue;
    refuseChanged(path, found, { evaluation, checkpoint });
    evaluated.push(found);
  }
  const values = valuesOf(trained, evaluated);
  if (trained && evaluated.length === evaluations.length) return { seed, state: 'done', values };
  const failure = await readResult<{ message: string }>(join(folder, RUN_FILES.failure));
  if (failure) return { seed, state: 'failed', failure: failure.message, values };
  return { seed, state: 'missing', values };
}

/**
 * Refuses what was made by another grid.
 *
 * @param path of the file with what it was made by
 * @throws ConfigError that names the differences
 */
export function refuseChanged(path: string, before: object, now: object): void {
  const ours = Object.fromEntries(
    Object.keys(now).map(key => [key, (before as Record<string, unknown>)[key]]),
  );
  const changes = differences(ours, JSON.parse(JSON.stringify(now))).map(
    ([key, from, to]) => `${key.join('.')} ${shown(from)} → ${shown(to)}`,
  );
  if (changes.length === 0) return;
  throw new ConfigError(
    'CONFIG_INVALID',
    `${path} was made by another grid: ${changes.join('; ')}. Change the grid back, or give another folder with --out`,
  );
}
