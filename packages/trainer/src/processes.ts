import type { TensorSet, TensorSource } from '@simvlm/checkpoint';
import {
  type AllReduceOptions,
  type BatchSource,
  ConfigError,
  DataError,
  hashText,
  type ParameterTree,
  type ProcessGroup,
  type Share,
} from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { GradientBuckets } from './gradient-buckets';
import type { LossAndGradients, StreamedGradients } from './gradients';
import type { TrainLearner } from './learner';
import type { AdamW } from './optimizer';

/** Why a run stops before its last step; where several reasons come at once, the last of them holds. */
const STOPS = ['early stopping', 'signal'] as const;
export type StopReason = (typeof STOPS)[number];

/** What the processes agree on between two steps. */
export interface Agreement {
  /** Why the run stops here. */
  readonly stop: StopReason | undefined;
  /** Steps of the whole run; undefined while a run of minutes measures its first ones. */
  readonly totalSteps: number | undefined;
  /** Whether a checkpoint is written first, to which each process adds its part. */
  readonly checkpoint: boolean;
}

/** Of a step: what its rows and losses are, and how long the trainer waited for them, in seconds. */
export interface StepSize {
  readonly rows: number;
  readonly count: number;
  readonly waited: number;
}

/** What reads all of the data. */
const ALONE: Share = { rank: 0, size: 1 };

/** As a 32-bit integer this is 35 minutes. */
const MICROSECONDS = 1e6;
const LARGEST = 2 ** 31 - 1;

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
   * Makes sure that all train the same thing on the same data from the same step on, then gives each the weights of process 0.
   *
   * @throws ConfigError, in every process, when one has another configuration, learner or step, or not its own part of the data;
   *   DataError when it has other data
   */
  async begin(
    learner: TrainLearner,
    { share = ALONE, identity: data = '' }: Pick<BatchSource, 'share' | 'identity'>,
    config: object,
    step: number,
  ): Promise<void> {
    const { kind, identity, options, params, trainable } = learner;
    const shapes = [...params].map(([name, { shape }]) => [name, shape]);
    const what = [config, kind, identity, options, shapes, trainable.names()];
    const { size } = this.group;
    const told = await this.#gather([
      ...[hashText(JSON.stringify(what)), step, hashText(data)],
      ...[share.rank, share.size],
    ]);
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
      if (each[2] !== first![2])
        throw new DataError(
          'DATA_INVALID',
          `process ${rank} reads other data than process 0: the data must be the same for all`,
        );
      if (each[3] !== rank || each[4] !== size)
        throw new ConfigError(
          'CONFIG_INVALID',
          `process ${rank} of ${size} reads what is for process ${each[3]} of ${each[4]}: open its batches with its own share`,
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
    const [first] = await this.texts(this.group.rank === 0 ? text : '');
    return first!;
  }

  /** What every process says, by rank, in each. */
  async texts(text: string): Promise<string[]> {
    const own = new TextEncoder().encode(text);
    const lengths = (await this.#gather([own.length])).map(([length]) => length!);
    // Four bytes in a number, and a place for each process: the sum is what all of them say.
    const places: number[] = [];
    let words = 0;
    for (const length of lengths) {
      places.push(words);
      words += Math.ceil(length / 4);
    }
    const all = new Int32Array(words);
    new Uint8Array(all.buffer).set(own, 4 * places[this.group.rank]!);
    const given = tf.tensor1d(all, 'int32');
    const [sum] = await this.group.allReduce([given]).finally(() => given.dispose());
    const told = Int32Array.from(await sum!.data());
    sum!.dispose();
    return lengths.map((length, rank) =>
      new TextDecoder().decode(new Uint8Array(told.buffer, 4 * places[rank]!, length)),
    );
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
   * Before each step: why anyone wants to stop, how many steps process 0 expects in all, and whether it wants to write a checkpoint.
   */
  async agree({ stop, totalSteps, checkpoint }: Agreement): Promise<Agreement> {
    const reason = stop === undefined ? 0 : 1 + STOPS.indexOf(stop);
    const told = await this.#gather([reason, totalSteps ?? 0, Number(checkpoint)]);
    const highest = Math.max(...told.map(([each]) => each!));
    const [, expected, writes] = told[0]!;
    return { stop: STOPS[highest - 1], totalSteps: expected || undefined, checkpoint: writes === 1 };
  }

  /** Rows and losses of all processes together, and the longest time that one has waited. */
  async sizeOfAll({ rows, count, waited }: StepSize): Promise<StepSize> {
    const told = await this.#gather([rows, count, Math.min(Math.round(waited * MICROSECONDS), LARGEST)]);
    const sum = (place: number) => told.reduce((total, each) => total + each[place]!, 0);
    const longest = Math.max(...told.map(each => each[2]!));
    return { rows: sum(0), count: sum(1), waited: longest / MICROSECONDS };
  }

  /**
   * The loss and the gradients of all processes' rows together; gradients are added up while the backward pass goes on.
   *
   * @param compute gives away the gradients of this process's rows, and returns their loss; see `streamGradients`
   */
  async sum(
    params: ParameterTree<tf.Variable>,
    compute: (receive: StreamedGradients['receive']) => tf.Scalar,
  ): Promise<Pick<LossAndGradients, 'loss' | 'gradients'>> {
    const buckets = new GradientBuckets(this.group, params, { precision: this.#precision });
    try {
      const own = compute((name, gradient) => buckets.add(name, gradient));
      const [sums, loss] = await bothOf(buckets.sums(), this.#lossOfAll(own));
      return { loss, gradients: params.map((_, name) => sums.get(name)!) };
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

  /** Disposes `own`. */
  async #lossOfAll(own: tf.Scalar): Promise<tf.Scalar> {
    const [loss] = await this.group.allReduce([own]).finally(() => own.dispose());
    return loss as tf.Scalar;
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
