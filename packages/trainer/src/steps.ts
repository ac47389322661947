import { Random, type StepMetrics, TrainingError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { CapturedGradients, CapturedTraining } from './captured';
import type { ResolvedTrainConfig } from './config';
import { lossAndGradients, streamGradients } from './gradients';
import type { MicroBatches, TrainLearner } from './learner';
import type { AdamW } from './optimizer';
import { type Processes, stepFingerprint } from './processes';

export type StepNumbers = Pick<StepMetrics, 'loss' | 'gradientNorm' | 'count'>;

/** Takes the steps of a run: in one process or several, recorded or not. */
export class Steps<B> {
  readonly #captured: CapturedTraining<B> | undefined;
  readonly #capturedGradients: CapturedGradients<B> | undefined;

  /** @throws ConfigError on a backend that cannot record */
  constructor(
    readonly learner: TrainLearner<B>,
    readonly config: ResolvedTrainConfig,
    readonly optimizer: AdamW,
    readonly processes: Processes | undefined,
  ) {
    if (config.captureSteps && processes)
      this.#capturedGradients = new CapturedGradients(learner, optimizer.params);
    else if (config.captureSteps) this.#captured = new CapturedTraining(learner, optimizer);
  }

  /** @throws TrainingError when the loss or its gradient is no number any more */
  async take(micro: MicroBatches<B>, rate: number): Promise<StepNumbers> {
    const step = this.optimizer.step + 1;
    const numbers = this.#captured
      ? await this.#replay(this.#captured, micro, rate)
      : await this.#compute(micro, rate);
    // Such a gradient has just ruined the weights, and no checkpoint may keep them.
    const { loss, gradientNorm } = numbers;
    if (!Number.isFinite(loss)) throw this.#diverged('loss', step, loss);
    if (!Number.isFinite(gradientNorm)) throw this.#diverged('gradient norm', step, gradientNorm);
    return numbers;
  }

  dispose(): void {
    this.#captured?.dispose();
    this.#capturedGradients?.dispose();
  }

  async #compute(micro: MicroBatches<B>, rate: number): Promise<StepNumbers> {
    const { learner, optimizer, processes } = this;
    const options = { random: this.#random(), params: optimizer.params };
    const { loss, gradients, count } = processes
      ? await processes.sum(
          options.params,
          stepFingerprint(learner, micro),
          own =>
            this.#capturedGradients?.run(micro, own, options.random) ??
            streamGradients(learner, micro, own, options),
        )
      : lossAndGradients(learner, micro, options);
    const [value] = await loss.data();
    loss.dispose();
    // Without a step of the optimiser the weights are still good.
    const { gradientNorm } = Number.isFinite(value)
      ? await (this.#capturedGradients
          ? optimizer.overwrite(gradients, rate)
          : optimizer.apply(gradients, rate))
      : { gradientNorm: Number.NaN };
    tf.dispose(gradients.values());
    if (processes && this.config.shardOptimizer && Number.isFinite(value))
      await processes.shareWeights(optimizer);
    return { loss: value!, gradientNorm, count };
  }

  async #replay(captured: CapturedTraining<B>, micro: MicroBatches<B>, rate: number): Promise<StepNumbers> {
    const { loss, gradientNorm, count } = captured.run(micro, rate, this.#random());
    const [[value], [norm]] = await Promise.all([loss.data(), gradientNorm.data()]);
    return { loss: value!, gradientNorm: norm!, count };
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
}
