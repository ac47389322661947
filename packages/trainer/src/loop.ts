import type { Checkpoint, CheckpointStorage } from '@simvlm/checkpoint';
import { breathe, CheckpointError, type JsonValue, type StepMetrics, type TrainCallback } from '@simvlm/core';
import { packCheckpoint, restoreCheckpoint } from './checkpoint';
import type { ResolvedTrainConfig } from './config';
import type { MicroBatches } from './learner';
import type { AdamW } from './optimizer';
import type { TrainOptions, TrainResult } from './options';
import { Processes } from './processes';
import { RunLength } from './run-length';
import { learningRate } from './schedule';
import { LossWatch } from './smoothed-loss';
import { Steps } from './steps';
import { WeightAverage } from './weight-average';

/** A training from its first step, or the checkpoint it goes on from, to its last. */
export class TrainingLoop<B> {
  #seconds = 0;
  #rows = 0;
  #savedAt = 0;
  readonly #length: RunLength;
  readonly #watch = new LossWatch();
  readonly #processes: Processes | undefined;
  readonly #steps: Steps<B>;
  readonly #average: WeightAverage | undefined;
  /** Whether this process writes and tells. */
  readonly #isFirst: boolean;

  /** @param optimizer the caller's */
  constructor(
    readonly options: TrainOptions<B>,
    readonly config: ResolvedTrainConfig,
    readonly optimizer: AdamW,
  ) {
    const { learner, batches, processGroup } = options;
    this.#length = new RunLength(config, batches);
    this.#processes = processGroup && new Processes(processGroup, config.gradientPrecision);
    this.#isFirst = (processGroup?.rank ?? 0) === 0;
    this.#steps = new Steps(learner, config, optimizer, this.#processes);
    if (config.emaDecay !== undefined) this.#average = new WeightAverage(optimizer.params, config.emaDecay);
  }

  async toTheEnd(): Promise<TrainResult> {
    const { batches, learner, resume } = this.options;
    if (resume) await this.#resume(resume);
    const storage = this.#isFirst ? this.options.storage : undefined;
    await this.#processes?.begin(learner, this.config, this.optimizer.step);
    // They are those of process 0 only now.
    if (!resume) this.#average?.restart();
    while (await this.#goesOn()) {
      const start = performance.now();
      const micro: (readonly B[])[] = [];
      for (let i = 0; i < this.config.accumulate; i++) micro.push(await batches.next());
      const metrics = await this.#step(micro, start);
      await this.#tell(callback => callback.onStep?.(metrics));
      if (await this.#decided(storage !== undefined && this.#checkpointDue() && !this.#isDone))
        await this.#periodicCheckpoint(storage);
      await breathe();
    }
    if (await this.#decided(storage !== undefined)) await this.#checkpoint(storage);
    this.#average?.assign();
    return {
      step: this.optimizer.step,
      totalSteps: this.#length.total ?? null,
      seconds: this.#seconds,
      rows: this.#rows,
      interrupted: !this.#isDone,
      skipped: batches.skipped(),
    };
  }

  dispose(): void {
    this.#steps.dispose();
    this.#average?.dispose();
  }

  async #resume(checkpoint: Checkpoint): Promise<void> {
    const { learner, batches } = this.options;
    const state = await restoreCheckpoint(checkpoint, learner, this.optimizer, this.#average);
    batches.restore(state.data);
    this.#length.resume(state.totalSteps);
    this.#seconds = state.seconds;
    this.#rows = state.rows;
    this.#savedAt = state.seconds;
    this.#watch.loss = state.loss;
  }

  async #step(micro: MicroBatches<B>, start: number): Promise<StepMetrics> {
    const { learner } = this.options;
    const step = this.optimizer.step + 1;
    const rate = learningRate(step, this.#length.total, this.config);
    const { loss, gradientNorm, count } = await this.#steps.take(micro, rate);
    this.#average?.update();
    this.#watch.follow(step, loss);
    const elapsed = (performance.now() - start) / 1000;
    const rows = micro.flat().reduce((sum, part) => sum + learner.rows(part), 0);
    this.#seconds += elapsed;
    this.#rows += rows;
    this.#length.taken(step, elapsed, this.#seconds);
    return {
      ...{ step, loss, learningRate: rate, gradientNorm, count },
      ...{ rows, rowsPerSecond: rows / elapsed },
      seconds: this.#seconds,
      totalSteps: this.#length.total ?? null,
    };
  }

  /** Whether there is another step. Process 0 knows the time, and a signal may come to any: they decide together. */
  async #goesOn(): Promise<boolean> {
    let stop = this.options.signal?.aborted ?? false;
    if (this.#processes) {
      const agreed = await this.#processes.agree(stop, this.#length.total);
      stop = agreed.stop;
      this.#length.total = agreed.totalSteps;
    }
    return !stop && !this.#isDone;
  }

  get #isDone(): boolean {
    return this.#length.isOver(this.optimizer.step);
  }

  /** What this process, or where state is sharded process 0, says: there every process takes part in a checkpoint. */
  async #decided(own: boolean): Promise<boolean> {
    return this.#isSharded ? this.#processes!.doesFirst(own) : own;
  }

  get #isSharded(): boolean {
    return this.config.shardOptimizer && this.#processes !== undefined;
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
    const { learner, batches, extras = new Map() } = this.options;
    const step = this.optimizer.step;
    const moments = this.#isSharded
      ? await this.#processes!.gatherState(this.optimizer)
      : this.optimizer.state();
    if (!storage) return;
    await this.#tell(callback => callback.beforeCheckpoint?.(step));
    const { loss } = this.#watch;
    const contents = packCheckpoint(
      learner,
      moments,
      {
        step,
        totalSteps: this.#length.total ?? null,
        seconds: this.#seconds,
        rows: this.#rows,
        ...(loss && { loss }),
        data: batches.state(),
        config: JSON.parse(JSON.stringify(this.config)) as JsonValue,
      },
      extras,
      this.#average,
    );
    await storage.save(step, contents, loss && { loss: loss.smoothed });
    this.#savedAt = this.#seconds;
    await this.#tell(callback => callback.onCheckpoint?.(step));
    const warning = this.#watch.warning();
    if (warning) await this.#tell(callback => callback.onWarning?.(warning));
  }

  async #tell(call: (callback: TrainCallback) => void | Promise<void> | undefined): Promise<void> {
    if (!this.#isFirst) return;
    for (const callback of this.options.callbacks ?? []) await call(callback);
  }
}
