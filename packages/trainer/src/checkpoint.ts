import {
  type Checkpoint,
  type CheckpointContents,
  type CheckpointFiles,
  checkFinite,
  checkFits,
  FILES,
  hasTensors,
  jsonFile,
  jsonOf,
  openTensors,
  parameterSources,
  restoreParameters,
  TENSORS,
  type TensorSource,
  tensorFiles,
} from '@simvlm/checkpoint';
import { CheckpointError, type JsonValue, type OptionRule, rule } from '@simvlm/core';
import { deviceWriter, partReader } from '@simvlm/ops';
import type { EvaluationState } from './evaluation/evaluations';
import type { TrainLearner } from './learner';
import type { AdamW } from './optimizer';
import type { SmoothedLoss } from './smoothed-loss';
import type { SpikeState } from './spikes/spikes';
import type { WeightAverage } from './weight-average';

const FORMAT = 3;

/** What the trainer knows beside weights and moments. */
export interface TrainerState {
  readonly format: 3;
  /** What was trained; see `Learner`. */
  readonly learner: { readonly kind: string; readonly identity: JsonValue; readonly options?: JsonValue };
  /** Optimiser steps taken. */
  readonly step: number;
  /** Steps of the whole run, once known. */
  readonly totalSteps: number | null;
  /** Seconds trained so far, over all sessions. */
  readonly seconds: number;
  /** Of these, the seconds in which the trainer waited for batches. */
  readonly waited: number;
  /** Rows trained on. */
  readonly rows: number;
  /** Absent before the first step. */
  readonly loss?: SmoothedLoss;
  /** Absent before the first evaluation. */
  readonly evaluation?: EvaluationState;
  readonly spikes?: SpikeState;
  /** Step of the checkpoint that a rollback goes back to: that on the schedule, as one written at a stop is not there in a run without it. */
  readonly backTo?: number;
  /** Where the data are, exactly: the position of each process, by rank. */
  readonly data: readonly JsonValue[];
  /** The configuration of the training, so that a resumed run can be held to it. */
  readonly config: JsonValue;
}

/**
 * Everything needed to go on, or to use what was trained: weights, optimiser state, trainer state, the learner's files, extra files. Numbers
 * are fetched from the device as they are written.
 *
 * @param moments all of the optimiser's state
 * @param average what those who use the model get instead of the weights in training, which are then kept beside it
 */
export function packCheckpoint(
  learner: TrainLearner,
  moments: readonly (readonly [string, TensorSource])[],
  state: Omit<TrainerState, 'format' | 'learner'>,
  extras: CheckpointFiles,
  average?: WeightAverage,
): CheckpointContents {
  const weights = parameterSources(learner.params, partReader);
  const { kind, identity, options: how } = learner;
  const options = { metadata: { format: 'simvlm' } };
  return new Map([
    ...extras,
    ...tensorFiles(TENSORS.weights, average ? withAverages(weights, average) : weights, options),
    ...(average ? tensorFiles(TENSORS.trained, weights, options) : []),
    ...tensorFiles(TENSORS.optimizer, moments),
    [
      FILES.trainer,
      jsonFile({
        format: FORMAT,
        learner: { kind, identity, ...(how !== undefined && { options: how }) },
        ...state,
      }),
    ] as const,
    ...(learner.files?.() ?? []),
  ]);
}

/** The trainer state of a checkpoint. @throws CheckpointError when it is missing, of another format or not what it should be */
export async function checkpointTrainerState(checkpoint: Checkpoint): Promise<TrainerState> {
  const state = await jsonOf(checkpoint, FILES.trainer);
  const refuse = (what: string) => new CheckpointError('CHECKPOINT_INVALID', `${FILES.trainer} ${what}`);
  if (state.format !== FORMAT)
    throw refuse(
      `has format ${state.format}; this version goes on from format ${FORMAT}: use the version that wrote it, or begin a new run with its weights`,
    );
  const rules: Record<string, OptionRule> = {
    step: rule.integer(0),
    seconds: rule.number(0),
    waited: rule.number(0),
    rows: rule.integer(0),
    learner: rule.object,
    config: rule.object,
  };
  for (const [key, { expected, accepts }] of Object.entries(rules))
    if (!accepts(state[key]))
      throw refuse(`has "${key}" ${JSON.stringify(state[key])}; it must be ${expected}`);
  const { totalSteps, loss } = state;
  if (totalSteps !== null && !rule.integer(0).accepts(totalSteps))
    throw refuse(`has "totalSteps" ${JSON.stringify(totalSteps)}; it must be an integer ≥ 0 or null`);
  if (loss !== undefined && !isSmoothedLoss(loss)) throw refuse('has a "loss" that is none');
  for (const key of ['evaluation', 'spikes'])
    if (state[key] !== undefined && !rule.object.accepts(state[key]))
      throw refuse(`has "${key}" ${JSON.stringify(state[key])}; it must be an object`);
  if (!Array.isArray(state.data) || state.data.length === 0)
    throw refuse(
      'has no "data", a list of the positions of all processes: it does not say where the data are',
    );
  return state as unknown as TrainerState;
}

function isSmoothedLoss(value: unknown): boolean {
  if (!rule.object.accepts(value)) return false;
  const { smoothed, lowest, lowestStep } = value as Record<string, unknown>;
  return [smoothed, lowest, lowestStep].every(Number.isFinite);
}

/**
 * Puts weights and optimiser state back, one tensor at a time. The learner, names, shapes and numbers are checked first: on a checkpoint
 * that does not fit everything stays as it was.
 *
 * @param average gets the averaged weights; those of a checkpoint that has none begin with its weights
 * @throws CheckpointError when the checkpoint is of another learner or damaged
 */
export async function restoreCheckpoint(
  checkpoint: Checkpoint,
  learner: TrainLearner,
  optimizer: AdamW,
  average?: WeightAverage,
): Promise<TrainerState> {
  const state = await checkpointTrainerState(checkpoint);
  checkLearner(state, learner);
  const moments = await openTensors(checkpoint, TENSORS.optimizer);
  const weights = await openTensors(checkpoint, TENSORS.weights);
  const trained = hasTensors(checkpoint, TENSORS.trained)
    ? await openTensors(checkpoint, TENSORS.trained)
    : weights;
  for (const set of new Set([weights, trained])) checkFits(learner.params, set.tensors, TENSORS.weights);
  optimizer.checkFits(moments);
  await checkFinite(moments, 'optimizer state');
  for (const set of new Set([weights, trained])) await checkFinite(set, TENSORS.weights);
  await restoreParameters(learner.params, trained, TENSORS.weights, deviceWriter);
  await optimizer.restore(state.step, moments);
  await average?.restore(weights);
  return state;
}

/** Weights with the averages in the place of what they are averages of. */
function withAverages(
  weights: readonly (readonly [string, TensorSource])[],
  average: WeightAverage,
): [string, TensorSource][] {
  const averages = new Map(average.tensors());
  return weights.map(([name, tensor]) => [name, averages.get(name) ?? tensor]);
}

/** @throws CheckpointError when the checkpoint is of another learner, with the keys that differ */
function checkLearner({ learner: { kind, identity } }: TrainerState, learner: TrainLearner): void {
  const refuse = (what: string) =>
    new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `the checkpoint is of another model: ${what}; use its own config or start anew`,
    );
  if (kind !== learner.kind) throw refuse(`its learner is "${kind}", this one is "${learner.kind}"`);
  const differing = differingKeys(identity, learner.identity);
  if (differing.length > 0) throw refuse(`${differing.join(', ')} differ`);
}

/** Keys whose values differ; of what is no object the one word that says so. */
function differingKeys(a: JsonValue, b: JsonValue): string[] {
  if (!rule.object.accepts(a) || !rule.object.accepts(b))
    return canonical(a) === canonical(b) ? [] : ['identities'];
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
