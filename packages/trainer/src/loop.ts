import type { Checkpoint, CheckpointStorage } from '@simvlm/checkpoint';
import {
  breathe,
  CheckpointError,
  combinedSkips,
  type JsonValue,
  type SkipReport,
  type StepMetrics,
  type TrainCallback,
  TrainingError,
} from '@simvlm/core';
import { packCheckpoint, restoreCheckpoint, type TrainerState } from './checkpoint';
import type { ResolvedTrainConfig } from './config';
import { Evaluations } from './evaluation/evaluations';
import { ImageAlarm } from './evaluation/image-alarm';
import { lossCount, type MicroBatches } from './learner';
import type { AdamW } from './optimizer';
import type { TrainOptions, TrainResult } from './options';
import { type Agreement, Processes, type StepSize, type StopReason } from './processes';
import { RunLength } from './run-length';
import { learningRate } from './schedule';
import { LossWatch } from './smoothed-loss';
import { rollBack } from './spikes/rollback';
import { SpikeWatch } from './spikes/spike-watch';
import { Steps } from './steps';
import { WeightAverage } from './weight-average';

/** A training from its first step, or the checkpoint it goes on from, to its last. */
export class TrainingLoop<B> {
  #seconds = 0;
  #rows = 0;
  /** Seconds in which the trainer waited for batches. */
  #waited = 0;
  #savedAt = 0;
  /** Whether a checkpoint is to be written before the next step. */
  #isDue = false;
  readonly #length: RunLength;
  /** Step of the checkpoint that a rollback goes back to. */
  #backTo: number | undefined;
  #stop: StopReason | undefined;
  readonly #watch = new LossWatch();
  readonly #spikes: SpikeWatch;
  readonly #evaluations: Evaluations;
  readonly #images: ImageAlarm;
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
    const { learner, batches, processGroup, evaluators = {} } = options;
    this.#length = new RunLength(config, batches);
    this.#processes = processGroup && new Processes(processGroup, config.gradientPrecision);
    this.#isFirst = (processGroup?.rank ?? 0) === 0;
    this.#spikes = new SpikeWatch(config);
    this.#evaluations = new Evaluations(evaluators, config);
    this.#images = new ImageAlarm(config.imageUse);
    this.#steps = new Steps(learner, config, optimizer, this.#processes);
    if (config.emaDecay !== undefined) this.#average = new WeightAverage(optimizer.params, config.emaDecay);
  }

  async toTheEnd(): Promise<TrainResult> {
    const { batches, learner, resume } = this.options;
    if (resume) await this.#resume(resume);
    const storage = this.#isFirst ? this.options.storage : undefined;
    await this.#processes?.begin(learner, batches, this.config, this.optimizer.step);
    // They are those of process 0 only now.
    if (!resume) this.#average?.restart();
    while (await this.#goesOn(storage)) {
      const start = performance.now();
      const { micro, size } = await this.#read();
      const metrics = await this.#step(micro, size, start);
      if (metrics) await this.#afterStep(metrics, storage);
      await breathe();
    }
    if (this.#stop !== 'signal') await this.#evaluate();
    const skipped = await this.#skipped();
    if (await this.#decided(storage !== undefined)) await this.#checkpoint(storage);
    this.#average?.assign();
    return this.#result(skipped);
  }

  dispose(): void {
    this.#steps.dispose();
    this.#average?.dispose();
  }

  #result(skipped: SkipReport): TrainResult {
    const { steps, epochs, best: metric } = this.config;
    const { best } = this.#evaluations.state;
    const { found, skipped: left, rollbacks } = this.#spikes.state;
    return {
      step: this.optimizer.step,
      totalSteps: this.#length.total ?? null,
      seconds: this.#seconds,
      waited: this.#waited,
      rows: this.#rows,
      ...(this.#watch.loss && { loss: this.#watch.loss }),
      reason: this.#stop ?? (steps !== undefined ? 'steps' : epochs !== undefined ? 'epochs' : 'time'),
      ...(metric && best && { best: { ...metric, ...best } }),
      spikes: { found, skipped: left, rollbacks },
      skipped,
    };
  }

  /** What no process could use. */
  async #skipped(): Promise<SkipReport> {
    const { batches } = this.options;
    const own = batches.skipped();
    if (!this.#processes) return own;
    const told = await this.#processes.texts(JSON.stringify(own));
    return combinedSkips(told.map(text => JSON.parse(text) as SkipReport));
  }

  async #resume(checkpoint: Checkpoint): Promise<void> {
    const { learner, batches } = this.options;
    const state = await restoreCheckpoint(checkpoint, learner, this.optimizer, this.#average);
    batches.restore(state.data);
    this.#length.resume(state.totalSteps);
    this.#seconds = state.seconds;
    this.#rows = state.rows;
    this.#waited = state.waited;
    this.#savedAt = state.seconds;
    this.#backTo = state.backTo ?? state.step;
    if (state.spikes) this.#spikes.state = state.spikes;
    this.#follow(state);
  }

  /** What is known of the course until a checkpoint. */
  #follow({ loss, evaluation }: TrainerState): void {
    this.#watch.loss = loss;
    this.#evaluations.state = evaluation ?? { step: 0, seconds: 0 };
  }

  /** The batches of a step: those of this process, and how large they are in all processes together. */
  async #read(): Promise<{ readonly micro: MicroBatches<B>; readonly size: StepSize }> {
    const { batches, learner } = this.options;
    const micro: (readonly B[])[] = [];
    const start = performance.now();
    for (let i = 0; i < this.config.accumulate; i++) micro.push(await batches.next());
    const waited = (performance.now() - start) / 1000;
    const rows = micro.flat().reduce((sum, part) => sum + learner.rows(part), 0);
    const own = { rows, count: lossCount(learner, micro), waited };
    return { micro, size: this.#processes ? await this.#processes.sizeOfAll(own) : own };
  }

  /** @returns undefined where the step was a spike and the run has gone back */
  async #step(
    micro: MicroBatches<B>,
    { rows, count, waited }: StepSize,
    start: number,
  ): Promise<StepMetrics | undefined> {
    const step = this.optimizer.step + 1;
    const rate = learningRate(step, this.#length.total, this.config);
    const { loss, gradientNorm } = await this.#steps.take(micro, count, rate, this.#spikes.refuses);
    const { skipped } = this.#spikes.state;
    const { warning, rollback } = this.#spikes.follow(step, loss, gradientNorm);
    if (!rollback && this.#spikes.state.skipped === skipped) {
      this.#average?.update();
      this.#watch.follow(step, loss);
    }
    const elapsed = (performance.now() - start) / 1000;
    this.#seconds += elapsed;
    this.#waited += waited;
    this.#rows += rows;
    if (warning) await this.#warn(warning);
    if (rollback) {
      await this.#rollBack(warning!);
      return undefined;
    }
    this.#length.taken(step, elapsed, this.#seconds);
    return {
      ...{ step, loss, learningRate: rate, gradientNorm, count },
      ...{ rows, rowsPerSecond: rows / elapsed, waited },
      seconds: this.#seconds,
      totalSteps: this.#length.total ?? null,
    };
  }

  async #afterStep(metrics: StepMetrics, storage: CheckpointStorage | undefined): Promise<void> {
    const { step } = metrics;
    await this.#tell(callback => callback.onStep?.(metrics));
    if (this.#isDone) return;
    const isNewBest = this.#evaluations.isDue(step, this.#seconds) && (await this.#evaluate());
    this.#isDue = storage !== undefined && (isNewBest || this.#checkpointDue());
  }

  /** Evaluates, unless that was done after this step. @returns whether the step is the best so far */
  async #evaluate(): Promise<boolean> {
    const { step } = this.optimizer;
    if (!this.#isFirst || this.#evaluations.isDone(step)) return false;
    const { signal } = this.options;
    const act = () => this.#evaluations.run(step, this.#seconds, signal);
    try {
      const results = await (this.#average ? this.#average.during(act) : act());
      await this.#tell(callback => callback.onEvaluation?.(step, results));
      const ignored = this.#images.warning(step, results);
      if (ignored) await this.#warn(ignored);
    } catch (error) {
      // It has given up, and the run ends at this step: a resumed one evaluates here, or at the next time.
      if (signal?.aborted) return false;
      throw error;
    } finally {
      if (this.#average) this.#steps.moved();
    }
    return this.#evaluations.isBest(step);
  }

  /** Weights, moments and averages of the last checkpoint; the data go on. @param spike why */
  async #rollBack(spike: TrainingError): Promise<void> {
    const { learner, storage, resume } = this.options;
    const { optimizer } = this;
    const average = this.#average;
    // What else the storage holds may be of another run.
    const last = async () =>
      this.#backTo === undefined ? undefined : ((await storage?.open(this.#backTo)) ?? resume);
    const checkpoint = this.#isFirst ? await last() : undefined;
    const isThere = checkpoint !== undefined;
    if (!(this.#processes ? await this.#processes.doesFirst(isThere) : isThere))
      throw new TrainingError(
        'TRAINING_DIVERGED',
        `${spike.message}, of which there is none yet: lower the learning rate, or write the first one earlier ("checkpointSteps")`,
      );
    const state = await rollBack({ learner, optimizer, average }, checkpoint, this.#processes);
    this.#steps.moved();
    this.#spikes.rolledBack(state.spikes);
    this.#follow(state);
    await this.#tell(callback => callback.onRollback?.(optimizer.step));
  }

  /**
   * Whether there is another step, after the checkpoint that is due. Process 0 knows the time, and a signal may come to any: they decide
   * together.
   */
  async #goesOn(storage: CheckpointStorage | undefined): Promise<boolean> {
    let agreed = await this.#agree();
    while (agreed.checkpoint) {
      await this.#periodicCheckpoint(storage);
      agreed = await this.#agree();
    }
    this.#length.total = agreed.totalSteps;
    if (this.#isDone) return false;
    this.#stop = agreed.stop;
    return agreed.stop === undefined;
  }

  async #agree(): Promise<Agreement> {
    let stop: StopReason | undefined;
    if (this.options.signal?.aborted) stop = 'signal';
    else if (this.#evaluations.hasWaited) stop = 'early stopping';
    const own = { stop, totalSteps: this.#length.total, checkpoint: this.#isDue };
    return this.#processes ? this.#processes.agree(own) : own;
  }

  get #isDone(): boolean {
    return this.#length.isOver(this.optimizer.step);
  }

  /** What process 0 says: every process takes part in a checkpoint. */
  async #decided(own: boolean): Promise<boolean> {
    return this.#processes ? this.#processes.doesFirst(own) : own;
  }

  #checkpointDue(): boolean {
    const { checkpointSeconds, checkpointSteps } = this.config;
    if (checkpointSteps !== undefined && this.optimizer.step % checkpointSteps === 0) return true;
    return this.#seconds - this.#savedAt >= checkpointSeconds;
  }

  /** A checkpoint that cannot be written is no reason to lose the training: the one before it is still there. */
  async #periodicCheckpoint(storage: CheckpointStorage | undefined): Promise<void> {
    const before = this.#backTo;
    this.#isDue = false;
    try {
      this.#backTo = this.optimizer.step;
      await this.#checkpoint(storage);
    } catch (error) {
      this.#backTo = before;
      if (!(error instanceof CheckpointError)) throw error;
      this.#savedAt = this.#seconds;
      await this.#warn(error);
    }
  }

  /** @param storage none in a process that only sends its part: where its data are, and its share of the optimiser's state */
  async #checkpoint(storage: CheckpointStorage | undefined): Promise<void> {
    const { learner, batches, extras = new Map() } = this.options;
    const step = this.optimizer.step;
    const processes = this.#processes;
    const place = batches.state();
    const places = processes ? await processes.texts(JSON.stringify(place)) : undefined;
    const moments =
      processes && this.config.shardOptimizer
        ? await processes.gatherState(this.optimizer)
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
        waited: this.#waited,
        rows: this.#rows,
        ...(loss && { loss }),
        evaluation: this.#evaluations.state,
        spikes: this.#spikes.state,
        ...(this.#backTo !== undefined && { backTo: this.#backTo }),
        data: places?.map(text => JSON.parse(text) as JsonValue) ?? [place],
        config: JSON.parse(JSON.stringify(this.config)) as JsonValue,
      },
      extras,
      this.#average,
    );
    const metric = this.#evaluations.metricAt(step);
    await storage.save(step, contents, { ...(loss && { loss: loss.smoothed }), ...(metric && { metric }) });
    this.#savedAt = this.#seconds;
    await this.#tell(callback => callback.onCheckpoint?.(step));
    const warning = this.#watch.warning();
    if (warning) await this.#warn(warning);
  }

  async #warn(error: Error): Promise<void> {
    await this.#tell(callback => callback.onWarning?.(error));
  }

  async #tell(call: (callback: TrainCallback) => void | Promise<void> | undefined): Promise<void> {
    if (!this.#isFirst) return;
    for (const callback of this.options.callbacks ?? []) await call(callback);
  }
}
