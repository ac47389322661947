import type { TensorSet, TensorSource } from '@simvlm/checkpoint';
import {
  type AllReduceOptions,
  ConfigError,
  DataError,
  fingerprintOf,
  hashIntegers,
  hashText,
  type ParameterTree,
  type ProcessGroup,
} from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { GradientBuckets } from './gradient-buckets';
import type { LossAndGradients, StreamedGradients } from './gradients';
import type { MicroBatches, TrainLearner } from './learner';
import type { AdamW } from './optimizer';

/** Why a run stops before its last step; where several reasons come at once, the last of them holds. */
const STOPS = ['early stopping', 'signal'] as const;
export type StopReason = (typeof STOPS)[number];

/**
 * What the processes of a training tell one another, besides its data. All of them take the same step with the same weights, and stop
 * after the same one.
 */
export class Processes {
  readonly group: ProcessGroup<tf.Tensor>;
  readonly #precision: NonNullable<AllReduceOptions['precision']>;

  /** @param precision of gradients on their way */
  constructor(
    group: ProcessGroup<tf.Tensor>,
    precision: NonNullable<AllReduceOptions['precision']> = 'float32',
  ) {
    this.group = group;
    this.#precision = precision;
  }

  /**
   * Makes sure that all train the same thing from the same step on, then gives each the weights of process 0.
   *
   * @throws ConfigError, in every process, when one has another configuration, learner or step
   */
  async begin(learner: TrainLearner, config: object, step: number): Promise<void> {
    const { kind, identity, options, params, trainable } = learner;
    const shapes = [...params].map(([name, { shape }]) => [name, shape]);
    const what = [config, kind, identity, options, shapes, trainable.names()];
    const told = await this.#gather([hashText(JSON.stringify(what)), step]);
    const [first] = told;
    for (const [rank, each] of told.entries()) {
      if (each[0] !== first![0])
        throw new ConfigError(
          'CONFIG_INVALID',
          `process ${rank} has another training or model configuration than process 0: give all the same`,
        );
      if (each[1] !== first![1])
        throw new ConfigError(
          'CONFIG_INVALID',
          `process ${rank} goes on from step ${each[1]} and process 0 from step ${first![1]}: give all the same checkpoint`,
        );
    }
    await this.shareParameters(params);
  }

  /** Gives every process the parameters of one. */
  async shareParameters(params: ParameterTree<tf.Variable>, from = 0): Promise<void> {
    const variables = params.values();
    if (variables.length === 0) return;
    const weights = await this.group.broadcast(variables, from);
    for (const [i, weight] of weights.entries()) variables[i]!.assign(weight);
    tf.dispose(weights);
  }

  /** What process 0 says, in each. @param text of process 0; that of others is ignored */
  async tell(text: string): Promise<string> {
    const own = new TextEncoder().encode(text);
    const [[length]] = (await this.#gather([own.length])) as [[number]];
    const given = tf.tensor1d(
      Int32Array.from({ length }, (_, i) => own[i] ?? 0),
      'int32',
    );
    const [told] = await this.group.broadcast([given]).finally(() => given.dispose());
    const bytes = Uint8Array.from(await told!.data());
    told!.dispose();
    return new TextDecoder().decode(bytes);
  }

  /**
   * Tensors that process 0 can read, in every process; one travels at a time.
   *
   * @param entries name and shape of each, the same in every process
   * @param set in process 0
   * @param keeps whether this process wants it
   * @returns all of them; those that it wants with the numbers in main memory, the others with none
   */
  async spread(
    entries: readonly (readonly [name: string, shape: readonly number[]])[],
    set: Pick<TensorSet, 'tensors'> | undefined,
    keeps: (name: string) => boolean,
  ): Promise<TensorSet> {
    const tensors = new Map<string, TensorSource>();
    for (const [name, shape] of entries) {
      const source = set?.tensors.get(name);
      const given = source ? tf.tensor(await source.read(), [...shape]) : tf.zeros([...shape]);
      const [told] = await this.group.broadcast([given]).finally(() => given.dispose());
      const numbers = keeps(name) ? ((await told!.data()) as Float32Array) : new Float32Array(0);
      tensors.set(name, { shape, read: async () => numbers });
      told!.dispose();
    }
    return { tensors, metadata: {} };
  }

  /**
   * Before each step: why anyone wants to stop, and how many steps process 0 expects in all.
   *
   * @param totalSteps undefined while a run of minutes measures its first steps
   */
  async agree(
    stop: StopReason | undefined,
    totalSteps: number | undefined,
  ): Promise<{ stop: StopReason | undefined; totalSteps: number | undefined }> {
    const told = await this.#gather([stop === undefined ? 0 : 1 + STOPS.indexOf(stop), totalSteps ?? 0]);
    const highest = Math.max(...told.map(([each]) => each!));
    return { stop: STOPS[highest - 1], totalSteps: told[0]![1] || undefined };
  }

  /**
   * The loss and the gradients of all processes' rows together; gradients are added up while the backward pass goes on.
   *
   * @param compute gives away the gradients of this process's rows, and returns their loss; see `streamGradients`
   * @param fingerprint of the rows of all, as `stepFingerprint` makes it
   * @throws DataError, in every process, when one has read other rows
   */
  async sum(
    params: ParameterTree<tf.Variable>,
    fingerprint: number,
    compute: (own: StreamedGradients) => Pick<LossAndGradients, 'loss' | 'count'>,
  ): Promise<LossAndGradients> {
    const buckets = new GradientBuckets(this.group, params, { precision: this.#precision });
    try {
      const { loss: own, count } = compute({
        share: this.group,
        receive: (name, gradient) => buckets.add(name, gradient),
      });
      const [sums, loss] = await bothOf(buckets.sums(), this.#lossOfAll(own, fingerprint));
      return { loss, gradients: params.map((_, name) => sums.get(name)!), count };
    } finally {
      buckets.dispose();
    }
  }

  /** Gives every process the weights that each owner has changed. */
  async shareWeights(optimizer: AdamW): Promise<void> {
    const { size } = this.group;
    const rounds = Array.from({ length: size }, async (_, owner) => {
      const owned = new Set(optimizer.ownedBy(owner));
      await this.shareParameters(
        optimizer.params.filter(name => owned.has(name)),
        owner,
      );
    });
    await Promise.all(rounds);
  }

  /**
   * The optimiser's whole state in process 0, which writes it; in the others nothing is left. One tensor travels at a time.
   *
   * @returns in process 0 what `optimizer.state()` is where nothing is sharded, with the numbers in main memory
   */
  async gatherState(optimizer: AdamW): Promise<[string, TensorSource][]> {
    const own = new Map(optimizer.state());
    const whole: [string, TensorSource][] = [];
    for (const [name, shape, owner] of optimizer.stateEntries()) {
      const values = own.get(name);
      const given = values ? tf.tensor(await values.read(), [...shape]) : tf.zeros([...shape]);
      const [state] = await this.group.broadcast([given], owner).finally(() => given.dispose());
      if (this.group.rank === 0) {
        const numbers = (await state!.data()) as Float32Array;
        whole.push([name, { shape, read: async () => numbers }]);
      }
      state!.dispose();
    }
    return whole;
  }

  /** Whether process 0 says so, in each. */
  async doesFirst(own: boolean): Promise<boolean> {
    const [first] = await this.#gather([own ? 1 : 0]);
    return first![0] === 1;
  }

  /** Disposes `own`. @throws DataError, in every process, when one has read other rows */
  async #lossOfAll(own: tf.Scalar, fingerprint: number): Promise<tf.Scalar> {
    const { rank, size } = this.group;
    // A number a process, in its own place: the sum is what all of them say.
    const places = tf.tensor1d(Array.from({ length: size }, (_, i) => (i === rank ? fingerprint : 0)));
    const given = [own, places];
    const sums = await this.group.allReduce(given).finally(() => tf.dispose(given));
    const [loss, said] = sums as [tf.Scalar, tf.Tensor1D];
    const reads = await said.data();
    said.dispose();
    const other = reads.findIndex(each => each !== reads[0]);
    if (other < 0) return loss;
    loss.dispose();
    throw new DataError(
      'DATA_INVALID',
      `process ${other} reads other examples than process 0: the data must be the same for all`,
    );
  }

  /** What every process gives, by rank: int32 numbers, equally many of each. */
  async #gather(values: readonly number[]): Promise<number[][]> {
    const { rank, size } = this.group;
    const all = new Int32Array(size * values.length);
    all.set(values, rank * values.length);
    const own = tf.tensor2d(all, [size, values.length], 'int32');
    try {
      const [sum] = await this.group.allReduce([own]);
      const told = (await (sum as tf.Tensor2D).array()) as number[][];
      sum!.dispose();
      return told;
    } finally {
      own.dispose();
    }
  }
}

/** A number below 2²⁴, which float32 holds exactly, that differs when the rows of a step do. */
export function stepFingerprint<B>(learner: TrainLearner<B>, micro: MicroBatches<B>): number {
  return fingerprintOf(hashIntegers(micro.flat().map(part => learner.fingerprint(part))));
}

/** Both, or the error of the one that failed: then what the other gave is freed. */
async function bothOf<A extends ReadonlyMap<string, tf.Tensor>, B extends tf.Tensor>(
  tensors: Promise<A>,
  tensor: Promise<B>,
): Promise<[A, B]> {
  const [left, right] = await Promise.allSettled([tensors, tensor]);
  if (left.status === 'fulfilled' && right.status === 'fulfilled') return [left.value, right.value];
  if (left.status === 'fulfilled') tf.dispose([...left.value.values()]);
  if (right.status === 'fulfilled') right.value.dispose();
  throw (left as PromiseRejectedResult).reason ?? (right as PromiseRejectedResult).reason;
}
