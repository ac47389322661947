import type { Checkpoint, CheckpointFiles, CheckpointStorage } from '@simvlm/checkpoint';
import { hasDiverged } from '@simvlm/checkpoint';
import {
  type BatchSource,
  breathe,
  CheckpointError,
  ConfigError,
  type JsonValue,
  type PrefixLmBatch,
  type ProcessGroup,
  Random,
  type SkipReport,
  TrainingError,
} from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs';
import { CapturedGradients, CapturedTraining } from './captured';
import { packCheckpoint, restoreCheckpoint, type SmoothedLoss } from './checkpoint';
import { ESTIMATE_STEPS, type ResolvedTrainConfig, resolveTrainConfig, type TrainConfig } from './config';
import { lossAndGradients, streamGradients } from './gradients';
import { AdamW } from './optimizer';
import { Processes } from './processes';
import { learningRate } from './schedule';
import { trainable } from './trainable';
import { WeightAverage } from './weight-average';

/** One training step, as logged. */
export interface StepMetrics {
  readonly step: number;
  /** Nats per loss token. */
  readonly loss: number;
  readonly learningRate: number;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: number;
  /** Loss tokens of the step. */
  readonly tokens: number;
  /** Examples of the step, text-only ones included. */
  readonly examples: number;
  /** Images a second, over this step. */
  readonly imagesPerSecond: number;
  /** Seconds trained so far. */
  readonly seconds: number;
  /** All steps of the run; null while a time-budgeted run measures its first steps, later an estimate. */
  readonly totalSteps: number | null;
}

/** What happens during training. Each hook may be asynchronous; the trainer waits, and its time does not count. */
export interface TrainCallback {
  onStep?(metrics: StepMetrics): void | Promise<void>;
  /** A checkpoint is about to be written: what belongs to the steps before it goes to the disk first. */
  beforeCheckpoint?(step: number): void | Promise<void>;
  onCheckpoint?(step: number): void | Promise<void>;
  /** Something went wrong that training survives: a checkpoint that could not be written, a loss that has risen far. */
  onWarning?(error: Error): void | Promise<void>;
}

export interface TrainOptions {
  readonly model: SimVlm;
  readonly batches: BatchSource;
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
}

export interface TrainResult {
  readonly step: number;
  readonly totalSteps: number | null;
  readonly seconds: number;
  readonly examples: number;
  /** Stopped by the signal, in this process or another, before the last step. */
  readonly interrupted: boolean;
  readonly skipped: SkipReport;
}

/**
 * Trains a model: the same seed and backend give the same losses, and a resumed run equals an uninterrupted one, bit for bit
 * (but for a run of minutes, whose schedule follows the clock). Memory is constant over steps. With `emaDecay` the model has the averaged
 * weights at the end; callbacks on the way see those in training. Of a model with adapters only these are trained.
 *
 * @throws TrainingError when the loss or its gradient is no number any more; CheckpointError when `resume` does not fit, or when the last
 *   checkpoint cannot be written (earlier ones that cannot are reported to `onWarning`). With a process group also, in every process,
 *   BackendError when one of them has ended, ConfigError or DataError when one trains something else
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const config = resolveTrainConfig(options.config);
  if (config.captureSteps && config.shardOptimizer && options.processGroup) {
    throw new ConfigError(
      'CONFIG_INVALID',
      'train config: "captureSteps" and "shardOptimizer" exclude each other: recordings keep weights where they are, and those of other processes come in new memory',
    );
  }
  const { params, trainable: own } = options.model;
  const share = config.shardOptimizer ? options.processGroup : undefined;
  const optimizer = new AdamW(trainable(own, config.freeze), config, params.names(), share);
  let run: Run | undefined;
  try {
    run = new Run(options, config, optimizer);
    return await run.toTheEnd();
  } finally {
    run?.dispose();
    optimizer.dispose();
  }
}

/** Weight of the past in the smoothed loss: a single step is noisy. */
const SMOOTHING = 0.95;

type StepNumbers = Pick<StepMetrics, 'loss' | 'gradientNorm' | 'tokens'>;

class Run {
  #totalSteps: number | undefined;
  #seconds = 0;
  #examples = 0;
  #savedAt = 0;
  #loss: SmoothedLoss | undefined;
  /** Of a loss that has risen, once for each rise. */
  #warned = false;
  /** Seconds of the last steps, for a time-budgeted run. */
  readonly #recent: number[] = [];
  readonly #processes: Processes | undefined;
  readonly #captured: CapturedTraining | undefined;
  readonly #capturedGradients: CapturedGradients | undefined;
  readonly #average: WeightAverage | undefined;
  /** Whether this process writes and tells. */
  readonly #isFirst: boolean;

  constructor(
    readonly options: TrainOptions,
    readonly config: ResolvedTrainConfig,
    readonly optimizer: AdamW,
  ) {
    this.#totalSteps = config.steps;
    this.#processes = options.processGroup && new Processes(options.processGroup, config.gradientPrecision);
    this.#isFirst = (options.processGroup?.rank ?? 0) === 0;
    if (config.captureSteps && this.#processes)
      this.#capturedGradients = new CapturedGradients(options.model, optimizer.params, config);
    else if (config.captureSteps) this.#captured = new CapturedTraining(options.model, optimizer, config);
    if (config.emaDecay !== undefined) this.#average = new WeightAverage(optimizer.params, config.emaDecay);
  }

  async #resume(checkpoint: Checkpoint): Promise<void> {
    const { options, config, optimizer } = this;
    const state = await restoreCheckpoint(checkpoint, options.model, optimizer, this.#average);
    options.batches.restore(state.data);
    this.#totalSteps = config.steps ?? state.totalSteps ?? undefined;
    this.#seconds = state.seconds;
    this.#examples = state.examples;
    this.#savedAt = state.seconds;
    this.#loss = state.loss;
  }

  async toTheEnd(): Promise<TrainResult> {
    const { batches, model, resume } = this.options;
    if (resume) await this.#resume(resume);
    const storage = this.#isFirst ? this.options.storage : undefined;
    await this.#processes?.begin(model, this.config, this.optimizer.step);
    // They are those of process 0 only now.
    if (!resume) this.#average?.restart();
    while (await this.#goesOn()) {
      const start = performance.now();
      const micro: (readonly PrefixLmBatch[])[] = [];
      for (let i = 0; i < this.config.accumulate; i++) micro.push(await batches.next());
      const metrics = await this.#step(micro, start);
      await this.#tell(callback => callback.onStep?.(metrics));
      if (await this.#decided(storage !== undefined && this.#checkpointDue() && !this.#done()))
        await this.#periodicCheckpoint(storage);
      await breathe();
    }
    if (await this.#decided(storage !== undefined)) await this.#checkpoint(storage);
    this.#average?.assign();
    return {
      step: this.optimizer.step,
      totalSteps: this.#totalSteps ?? null,
      seconds: this.#seconds,
      examples: this.#examples,
      interrupted: !this.#done(),
      skipped: batches.skipped(),
    };
  }

  dispose(): void {
    this.#captured?.dispose();
    this.#capturedGradients?.dispose();
    this.#average?.dispose();
  }

  async #step(micro: readonly (readonly PrefixLmBatch[])[], start: number): Promise<StepMetrics> {
    const step = this.optimizer.step + 1;
    const rate = learningRate(step, this.#totalSteps, this.config);
    const { loss, gradientNorm, tokens } = this.#captured
      ? await this.#replay(this.#captured, micro, rate)
      : await this.#compute(micro, rate);
    // Such a gradient has just ruined the weights, and no checkpoint may keep them.
    if (!Number.isFinite(loss)) throw this.#diverged('loss', step, loss);
    if (!Number.isFinite(gradientNorm)) throw this.#diverged('gradient norm', step, gradientNorm);
    this.#average?.update();
    this.#smooth(step, loss);
    const elapsed = (performance.now() - start) / 1000;
    const parts = micro.flat();
    const examples = parts.reduce((sum, { size }) => sum + size, 0);
    const images = parts.reduce((sum, part) => sum + (part.images ? part.size : 0), 0);
    this.#seconds += elapsed;
    this.#examples += examples;
    this.#estimateTotal(elapsed);
    return {
      step,
      loss,
      learningRate: rate,
      gradientNorm,
      tokens,
      examples,
      imagesPerSecond: images / elapsed,
      seconds: this.#seconds,
      totalSteps: this.#totalSteps ?? null,
    };
  }

  #smooth(step: number, loss: number): void {
    const past = this.#loss;
    const smoothed = past ? SMOOTHING * past.smoothed + (1 - SMOOTHING) * loss : loss;
    const isLowest = !past || smoothed < past.lowest;
    this.#loss = isLowest
      ? { smoothed, lowest: smoothed, lowestStep: step }
      : { smoothed, lowest: past.lowest, lowestStep: past.lowestStep };
  }

  async #compute(micro: readonly (readonly PrefixLmBatch[])[], rate: number): Promise<StepNumbers> {
    const { model } = this.options;
    const { params } = this.optimizer;
    const options = { ...this.config, random: this.#random() };
    const { loss, gradients, tokens } = this.#processes
      ? await this.#processes.sum(
          params,
          micro,
          own =>
            this.#capturedGradients?.run(micro, own, options.random) ??
            streamGradients(model, micro, options, params, own),
        )
      : lossAndGradients(model, micro, options, params);
    const [value] = await loss.data();
    loss.dispose();
    // Without a step of the optimiser the weights are still good.
    const { gradientNorm } = Number.isFinite(value)
      ? await (this.#capturedGradients
          ? this.optimizer.overwrite(gradients, rate)
          : this.optimizer.apply(gradients, rate))
      : { gradientNorm: Number.NaN };
    tf.dispose(gradients.values());
    if (this.#isSharded && Number.isFinite(value)) await this.#processes!.shareWeights(this.optimizer);
    return { loss: value!, gradientNorm, tokens };
  }

  async #replay(
    captured: CapturedTraining,
    micro: readonly (readonly PrefixLmBatch[])[],
    rate: number,
  ): Promise<StepNumbers> {
    const { loss, gradientNorm, tokens } = captured.run(micro, rate, this.#random());
    const [[value], [norm]] = await Promise.all([loss.data(), gradientNorm.data()]);
    return { loss: value!, gradientNorm: norm!, tokens };
  }

  /** What the step in progress drops: it depends on seed and step alone, so that a resumed run drops the same. */
  #random(): Random {
    return Random.fromSeed(this.config.seed)
      .fork('drops')
      .fork(this.optimizer.step + 1);
  }

  #diverged(what: string, step: number, value: number): TrainingError {
    return new TrainingError(
      'TRAINING_DIVERGED',
      `the ${what} of step ${step} is ${value}; lower the learning rate (${this.config.learningRate}) or clip harder`,
    );
  }

  /**
   * How many steps a time-budgeted run will take, by the speed of its last steps: anew after each step, because a machine that does
   * other things meanwhile would end long before or after its time. The run ends when the time is over.
   */
  #estimateTotal(elapsed: number): void {
    const { minutes } = this.config;
    if (minutes === undefined) return;
    this.#recent.push(elapsed);
    if (this.#recent.length > ESTIMATE_STEPS) this.#recent.shift();
    const left = minutes * 60 - this.#seconds;
    const { step } = this.optimizer;
    if (left <= 0) this.#totalSteps = step;
    else if (this.#recent.length === ESTIMATE_STEPS) {
      const mean = this.#recent.reduce((sum, time) => sum + time, 0) / ESTIMATE_STEPS;
      this.#totalSteps = step + Math.ceil(left / mean);
    } else if (this.#totalSteps !== undefined && this.#totalSteps <= step) this.#totalSteps = step + 1;
  }

  /** Whether there is another step. Process 0 knows the time, and a signal may come to any: they decide together. */
  async #goesOn(): Promise<boolean> {
    let stop = this.options.signal?.aborted ?? false;
    if (this.#processes) {
      const agreed = await this.#processes.agree(stop, this.#totalSteps);
      stop = agreed.stop;
      this.#totalSteps = agreed.totalSteps;
    }
    return !stop && !this.#done();
  }

  /** What this process, or where state is sharded process 0, says: there every process takes part in a checkpoint. */
  async #decided(own: boolean): Promise<boolean> {
    return this.#isSharded ? this.#processes!.doesFirst(own) : own;
  }

  get #isSharded(): boolean {
    return this.config.shardOptimizer && this.#processes !== undefined;
  }

  #done(): boolean {
    return this.#totalSteps !== undefined && this.optimizer.step >= this.#totalSteps;
  }

  #checkpointDue(): boolean {
    const { checkpointSeconds, checkpointSteps } = this.config;
    if (checkpointSteps !== undefined && this.optimizer.step % checkpointSteps === 0) return true;
    return this.#seconds - this.#savedAt >= checkpointSeconds;
  }

  /** A checkpoint that cannot be written is no reason to lose the training: the one before it is still there. */
  async #periodicCheckpoint(storage: CheckpointStorage | undefined): Promise<void> {
    try {
      await this.#checkpoint(storage);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      this.#savedAt = this.#seconds;
      await this.#tell(callback => callback.onWarning?.(error));
    }
  }

  /** @param storage none in a process that only sends its part of the optimiser's state */
  async #checkpoint(storage: CheckpointStorage | undefined): Promise<void> {
    const { model, batches, extras = new Map() } = this.options;
    const step = this.optimizer.step;
    const moments = this.#isSharded
      ? await this.#processes!.gatherState(this.optimizer)
      : this.optimizer.state();
    if (!storage) return;
    await this.#tell(callback => callback.beforeCheckpoint?.(step));
    const contents = packCheckpoint(
      model,
      moments,
      {
        format: 1,
        step,
        totalSteps: this.#totalSteps ?? null,
        seconds: this.#seconds,
        examples: this.#examples,
        ...(this.#loss && { loss: this.#loss }),
        data: batches.state(),
        config: JSON.parse(JSON.stringify(this.config)) as JsonValue,
      },
      extras,
      this.#average,
    );
    await storage.save(step, contents, this.#loss && { loss: this.#loss.smoothed });
    this.#savedAt = this.#seconds;
    await this.#tell(callback => callback.onCheckpoint?.(step));
    await this.#warnOfRise();
  }

  /** A loss that explodes and stays finite goes on without an error: it is told, and storages keep the best checkpoint. */
  async #warnOfRise(): Promise<void> {
    if (!this.#loss) return;
    const { smoothed, lowest, lowestStep } = this.#loss;
    const hasRisen = hasDiverged(smoothed, lowest);
    if (hasRisen && !this.#warned) {
      const error = new TrainingError(
        'TRAINING_DIVERGED',
        `the loss has risen from ${lowest.toFixed(3)} (step ${lowestStep}) to ${smoothed.toFixed(3)}: the best of the checkpoints is kept; to go on from it, resume it with a lower learning rate`,
      );
      await this.#tell(callback => callback.onWarning?.(error));
    }
    this.#warned = hasRisen;
  }

  async #tell(call: (callback: TrainCallback) => void | Promise<void> | undefined): Promise<void> {
    if (!this.#isFirst) return;
    for (const callback of this.options.callbacks ?? []) await call(callback);
  }
}
