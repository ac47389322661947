import { CheckpointError, type JsonValue } from '@simvlm/core';
import { readSafetensors, type SimVlm, type SimVlmConfig, writeSafetensors } from '@simvlm/model';
import type { AdamW } from './optimizer';
import type { WeightAverage } from './weight-average';

/** The files of a checkpoint by name. */
export type CheckpointFiles = ReadonlyMap<string, Uint8Array>;

/** Where checkpoints go: a folder in Node, OPFS in a browser, memory in a test. */
export interface CheckpointStorage {
  /** Keeps all files under this step, completely or not at all. @throws CheckpointError DISK_WRITE, STORAGE_FULL, STORAGE_ABSENT */
  save(step: number, files: CheckpointFiles): Promise<void>;
  /** The newest complete checkpoint, or none. @throws CheckpointError when it is damaged */
  latest(): Promise<CheckpointFiles | undefined>;
}

/** What the trainer knows beside weights and moments. */
export interface TrainerState {
  readonly format: 1;
  /** Optimiser steps taken. */
  readonly step: number;
  /** Steps of the whole run, once known. */
  readonly totalSteps: number | null;
  /** Seconds trained so far, over all sessions. */
  readonly seconds: number;
  /** Examples seen, of both kinds. */
  readonly examples: number;
  /** Where the data are, exactly. */
  readonly data: JsonValue;
  /** The configuration of the training, so that a resumed run can be held to it. */
  readonly config: JsonValue;
}

const NAMES = {
  /** For use: the averaged ones, where an average is kept. */
  weights: 'weights.safetensors',
  /** The weights in training, where `weights` are averaged ones. */
  trained: 'trained.safetensors',
  optimizer: 'optimizer.safetensors',
  trainer: 'trainer.json',
  model: 'model.json',
} as const;

/**
 * Everything needed to go on, or to caption: weights, optimiser state, trainer state, model configuration, extra files.
 *
 * @param average what those who use the model get instead of the weights in training, which are then kept beside it
 */
export async function packCheckpoint(
  model: SimVlm,
  optimizer: AdamW,
  state: TrainerState,
  extras: CheckpointFiles,
  average?: WeightAverage,
): Promise<CheckpointFiles> {
  const { tensors } = await optimizer.state();
  const weights = await model.saveWeights({ format: 'simvlm' });
  return new Map([
    ...extras,
    [NAMES.weights, average ? await withAverages(weights, average) : weights],
    ...(average ? ([[NAMES.trained, weights]] as const) : []),
    [NAMES.optimizer, writeSafetensors(tensors)],
    [NAMES.trainer, json(state as unknown as JsonValue)],
    [NAMES.model, json(model.config as unknown as JsonValue)],
  ]);
}

/** The model configuration of a checkpoint. @throws CheckpointError when it is missing or no JSON object */
export function checkpointModelConfig(files: CheckpointFiles): SimVlmConfig {
  return parse(files, NAMES.model) as unknown as SimVlmConfig;
}

/** The trainer state of a checkpoint. @throws CheckpointError when it is missing or of another format */
export function checkpointTrainerState(files: CheckpointFiles): TrainerState {
  const state = parse(files, NAMES.trainer) as unknown as TrainerState;
  if (state.format !== 1)
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `${NAMES.trainer} has format ${state.format}; this version reads format 1`,
    );
  if (!Number.isSafeInteger(state.step) || state.step < 0)
    throw new CheckpointError('CHECKPOINT_INVALID', `${NAMES.trainer} has no number of steps`);
  return state;
}

/**
 * Puts weights and optimiser state back. On an error the model stays as it was.
 *
 * @param average gets the averaged weights; those of a checkpoint that has none begin with its weights
 * @throws CheckpointError when the checkpoint is of another model configuration or damaged
 */
export function restoreCheckpoint(
  files: CheckpointFiles,
  model: SimVlm,
  optimizer: AdamW,
  average?: WeightAverage,
): TrainerState {
  const state = checkpointTrainerState(files);
  const differing = differingKeys(checkpointModelConfig(files), model.config);
  if (differing.length > 0) {
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `the checkpoint is of another model: ${differing.join(', ')} differ; use its own config or start anew`,
    );
  }
  const { tensors } = readSafetensors(fileOf(files, NAMES.optimizer));
  // The moments first: whatever of the checkpoint does not fit, the model stays as it was.
  optimizer.restore(state.step, tensors);
  average?.restore(readSafetensors(fileOf(files, NAMES.weights)).tensors);
  model.loadWeights(files.get(NAMES.trained) ?? fileOf(files, NAMES.weights));
  return state;
}

/** Puts the weights alone into a model, for use without training. @throws CheckpointError when they do not fit */
export function restoreWeights(files: CheckpointFiles, model: SimVlm): void {
  model.loadWeights(fileOf(files, NAMES.weights));
}

/** A file of a checkpoint. @throws CheckpointError when it is not there */
export function fileOf(files: CheckpointFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (!bytes)
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `the checkpoint has no ${name}; it holds ${[...files.keys()].join(', ') || 'nothing'}`,
    );
  return bytes;
}

/** A file of weights with the averages in the place of what they are averages of. */
async function withAverages(weights: Uint8Array, average: WeightAverage): Promise<Uint8Array> {
  const { tensors, metadata } = readSafetensors(weights);
  const averages = await average.values();
  return writeSafetensors(
    [...tensors].map(([name, tensor]) => [name, averages.get(name) ?? tensor]),
    metadata,
  );
}

function differingKeys(a: object, b: object): string[] {
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
    key => canonical(left[key]) !== canonical(right[key]),
  );
}

/** JSON in which the order of an object's keys, which means nothing, is always the same. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function json(value: JsonValue): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

function parse(files: CheckpointFiles, name: string): object {
  const bytes = fileOf(files, name);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new CheckpointError('CHECKPOINT_INVALID', `${name} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null)
    throw new CheckpointError('CHECKPOINT_INVALID', `${name} is no JSON object`);
  return value;
}
