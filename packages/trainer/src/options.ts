import type { Checkpoint, CheckpointFiles, CheckpointStorage, MetricValue } from '@simvlm/checkpoint';
import type { BatchSource, ProcessGroup, SkipReport, TrainCallback } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { TrainConfig } from './config';
import type { Evaluators } from './evaluation/evaluations';
import type { TrainLearner } from './learner';
import type { StopReason } from './processes';
import type { SmoothedLoss } from './smoothed-loss';

export interface TrainOptions<B = unknown> {
  /** What is trained, such as `prefixLmLearner(model)` of `@simvlm/model`, or one of your own. It stays the caller's. */
  readonly learner: TrainLearner<B>;
  readonly batches: BatchSource<B>;
  readonly config: TrainConfig;
  readonly callbacks?: readonly TrainCallback[];
  /** Where checkpoints go; without it none are written. */
  readonly storage?: CheckpointStorage;
  /** Files that belong in every checkpoint: the tokenizer, the run's configuration. */
  readonly extras?: CheckpointFiles;
  /** Go on from this checkpoint: weights, optimiser, schedule and data position. */
  readonly resume?: Checkpoint;
  /** Stops after the step in progress; a checkpoint is written. */
  readonly signal?: AbortSignal;
  /**
   * Trains in several processes, each with a part of the rows of every batch: loss, gradients and weights are those of one process
   * with all rows, but for the order of sums. Every process calls `train` with the same options. Only process 0 writes checkpoints
   * and tells callbacks; a signal to any of them stops all.
   */
  readonly processGroup?: ProcessGroup<tf.Tensor>;
  /**
   * Measure the learner on the schedule of the configuration and after the last step. With `emaDecay` they see the averaged weights.
   * Their time does not count as training. Only process 0 evaluates.
   */
  readonly evaluators?: Evaluators;
}

/** `signal`: stopped in this process or another before the last step. */
export type EndReason = 'steps' | 'epochs' | 'time' | StopReason;

export interface TrainResult {
  readonly step: number;
  readonly totalSteps: number | null;
  readonly seconds: number;
  /** Of these, the seconds in which the trainer waited for batches, over all sessions: what faster data would save. */
  readonly waited: number;
  /** Rows trained on, of all processes, over all sessions. */
  readonly rows: number;
  /** Smoothed loss of the last step and the lowest one; absent where no step was taken. */
  readonly loss?: SmoothedLoss;
  /** Why it ended: after its last step, epoch or minute, or before. */
  readonly reason: EndReason;
  /** The best evaluation by the metric of the configuration. */
  readonly best?: MetricValue & { readonly step: number };
  /** Losses far above their course, and what was done about them. */
  readonly spikes: { readonly found: number; readonly skipped: number; readonly rollbacks: number };
  readonly skipped: SkipReport;
}
