import { type ParameterTree, Random, type StepMetrics } from '@simvlm/core';
import { globalNorm } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { CapturedGradients, CapturedTraining } from './captured';
import type { ResolvedTrainConfig } from './config';
import { lossAndGradients, streamGradients } from './gradients';
import type { MicroBatches, TrainLearner } from './learner';
import type { AdamW } from './optimizer';
import type { Processes } from './processes';

export type StepNumbers = Pick<StepMetrics, 'loss' | 'gradientNorm'>;

/** Whether a step is left out. */
export type Refusal = (loss: number, gradientNorm: number) => boolean;

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

  /**
   * Takes a step. One whose loss is no number changes no weight.
   *
   * @param micro the batches of this process
   * @param count losses of the step, in all processes together
   * @param refuses whether a step of this loss and gradient norm is left out: then it counts, and changes nothing
   */
  async take(micro: MicroBatches<B>, count: number, rate: number, refuses?: Refusal): Promise<StepNumbers> {
    return this.#captured
      ? this.#replay(this.#captured, micro, rate)
      : this.#compute(micro, count, rate, refuses);
  }

  /** Weights or moments are elsewhere in memory from now on. */
  moved(): void {
    this.dispose();
  }

  dispose(): void {
    this.#captured?.dispose();
    this.#capturedGradients?.dispose();
  }

  async #compute(
    micro: MicroBatches<B>,
    count: number,
    rate: number,
    refuses: Refusal | undefined,
  ): Promise<StepNumbers> {
    const { learner, optimizer, processes } = this;
    const options = { random: this.#random(), params: optimizer.params };
    const { loss, gradients } = processes
      ? await processes.sum(options.params, receive => {
          const own = { count, receive };
          return (
            this.#capturedGradients?.run(micro, own, options.random) ??
            streamGradients(learner, micro, own, options)
          );
        })
      : lossAndGradients(learner, micro, options);
    const [value] = await loss.data();
    loss.dispose();
    const refused = refuses && (await normOf(gradients));
    // Without a step of the optimiser the weights are still good.
    const isTaken = Number.isFinite(value) && !(refused !== undefined && refuses!(value!, refused));
    const { gradientNorm } = isTaken
      ? await (this.#capturedGradients
          ? optimizer.overwrite(gradients, rate)
          : optimizer.apply(gradients, rate))
      : { gradientNorm: refused ?? Number.NaN };
    if (!isTaken) optimizer.counted();
    tf.dispose(gradients.values());
    if (processes && this.config.shardOptimizer && isTaken) await processes.shareWeights(optimizer);
    return { loss: value!, gradientNorm };
  }

  async #replay(captured: CapturedTraining<B>, micro: MicroBatches<B>, rate: number): Promise<StepNumbers> {
    const { loss, gradientNorm } = captured.run(micro, rate, this.#random());
    const [[value], [norm]] = await Promise.all([loss.data(), gradientNorm.data()]);
    return { loss: value!, gradientNorm: norm! };
  }

  /** What the step in progress drops: it depends on seed and step alone, so that a resumed run drops the same. */
  #random(): Random {
    return Random.fromSeed(this.config.seed)
      .fork('drops')
      .fork(this.optimizer.step + 1);
  }
}

async function normOf(gradients: ParameterTree<tf.Tensor>): Promise<number> {
  const norm = tf.tidy(() => globalNorm(gradients.values()));
  const [value] = await norm.data();
  norm.dispose();
  return value!;
}
