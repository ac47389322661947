import { join } from 'node:path';
import type { Checkpoint } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { ConfigError, type EvaluationResult, type Registry } from '@simvlm/core';
import type { TrainResult } from '@simvlm/trainer';
import type { Cell, Grid } from '../../ablation/grid';
import type { TrainedRun } from '../../ablation/results';
import type { GridEvaluation } from '../../ablation/schema';
import { checkParts } from '../../check-parts';
import type { RunConfig } from '../../config/schema';
import type { Reporter } from '../../reporter';
import { checkMemory } from '../check-memory';
import { openInit } from '../chosen-checkpoint';
import { loadRunData } from '../data';
import { newOrResumedRunFolder } from '../run-folder';
import { readMetrics } from '../run-record';
import { trainInFolder } from '../train-in-folder';
import { recordCell } from './cell-file';
import { evaluateRun } from './evaluate-run';
import { clearFailure, evaluationFile, RUN_FILES, readResult, writeResult } from './result-files';

/** A run of a grid: a cell with a seed. */
export interface GridRun {
  readonly cell: Cell;
  readonly seed: number;
  /** `CELL/seed-S`, the folder within that of the grid. */
  readonly id: string;
}

export interface OneRunOptions {
  /** Of the grid. */
  readonly folder: string;
  readonly registry: Registry;
  readonly reporter: Reporter;
  /** Those that are to be done. */
  readonly evaluations: readonly GridEvaluation[];
  /** What computes, and where: kept with the results. */
  readonly machine: Pick<TrainedRun, 'backend' | 'machine'>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains one run of a grid, from where it was left if it was begun, and evaluates it. What is done is not done again. A backend must have been
 * picked.
 *
 * @returns false where the signal stopped it
 * @throws ConfigError, TrainingError and whatever training and evaluating can
 */
export async function runOne(grid: Grid, run: GridRun, options: OneRunOptions): Promise<boolean> {
  const { folder, signal } = options;
  const path = join(folder, run.id);
  await clearFailure(path);
  await recordCell(folder, run.cell);
  const trained = await readResult<TrainedRun>(join(path, RUN_FILES.trained));
  if (!trained && !(await train(run, path, options))) return false;
  for (const evaluation of run.cell.hidden ? [] : options.evaluations) {
    const file = evaluationFile(path, evaluation.name);
    if (await readResult(file)) continue;
    signal?.throwIfAborted();
    const checkpoint = await openCheckpoint(grid.checkpoint === 'best' ? join(path, 'best') : path);
    const found = await evaluateRun(checkpoint, evaluation, options);
    await writeResult(file, { format: 1, evaluation, checkpoint: grid.checkpoint, ...found });
  }
  return true;
}

/** Milliseconds for a process that was told to end, as the one that started it has ended, to end its step. */
const PATIENCE = 20_000;

async function train(
  { cell, seed }: GridRun,
  path: string,
  { folder: parent, registry, reporter, machine, signal }: OneRunOptions,
): Promise<boolean> {
  const from = cell.after === undefined ? undefined : join(parent, cell.after, `seed-${seed}`);
  const config: RunConfig = { ...cell.config(seed), ...(from !== undefined && { init: from }) };
  checkMemory(checkParts(config, registry), registry);
  const { folder, resume } = await newOrResumedRunFolder(config, reporter, { path, patience: PATIENCE });
  try {
    const init = resume ? undefined : await initOf(config, reporter);
    const data = await loadRunData(config, { registry, signal, reporter, goesOn: resume !== undefined });
    const { model, result } = await trainInFolder({
      ...{ config, folder, data, registry, reporter, resume, init, signal },
    });
    model.dispose();
    if (result.reason === 'signal') return false;
    await writeResult(join(path, RUN_FILES.trained), {
      ...{ format: 1, seed },
      training: await trainingMetrics(path, result),
      ...machine,
    } satisfies TrainedRun);
    return true;
  } finally {
    await folder.close();
  }
}

async function initOf({ init, lora }: RunConfig, reporter: Reporter): Promise<Checkpoint | undefined> {
  if (init !== undefined) return openInit(init, reporter);
  if (lora)
    throw new ConfigError('CONFIG_INVALID', '"lora" trains adapters beside other weights: give "init"');
  return undefined;
}

/** What the training itself says at its end. */
async function trainingMetrics(path: string, result: TrainResult): Promise<EvaluationResult> {
  const { evaluations } = await readMetrics(path);
  return {
    ...evaluations.at(-1)?.results,
    steps: result.step,
    examples: result.rows,
    seconds: result.seconds,
    ...(result.loss && { loss: result.loss.smoothed }),
  };
}
