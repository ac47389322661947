import { ConfigError, DataError, type JsonValue, type PrefixLmBatch, type ProcessGroup } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs';
import { batchFingerprint, textHash } from './fingerprint';
import type { LossAndGradients } from './gradients';

/**
 * What the processes of a training tell one another, besides its data. All of them take the same step with the same weights, and stop
 * after the same one.
 */
export class Processes {
  readonly group: ProcessGroup<tf.Tensor>;

  constructor(group: ProcessGroup<tf.Tensor>) {
    this.group = group;
  }

  /**
   * Makes sure that all train the same thing from the same step on, then gives each the weights of process 0.
   *
   * @throws ConfigError, in every process, when one has another configuration, model or step
   */
  async begin(model: SimVlm, config: object, step: number): Promise<void> {
    const shapes = [...model.params].map(([name, { shape }]) => [name, shape]);
    const what = [config, model.config, shapes] as unknown as JsonValue;
    const told = await this.#gather([textHash(JSON.stringify(what)), step]);
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
    const variables = model.params.values();
    const weights = await this.group.broadcast(variables);
    for (const [i, weight] of weights.entries()) variables[i]!.assign(weight);
    tf.dispose(weights);
  }

  /**
   * Before each step: whether anyone was told to stop, and how many steps process 0 expects in all.
   *
   * @param totalSteps undefined while a run of minutes measures its first steps
   */
  async agree(
    stop: boolean,
    totalSteps: number | undefined,
  ): Promise<{ stop: boolean; totalSteps: number | undefined }> {
    const told = await this.#gather([stop ? 1 : 0, totalSteps ?? 0]);
    return { stop: told.some(([each]) => each === 1), totalSteps: told[0]![1] || undefined };
  }

  /**
   * The loss and the gradients of all processes' rows together, by one all-reduce over the parameter tree. Disposes `own`.
   *
   * @param own of the rows of this process, weighted by their part of all loss tokens
   * @param micro the rows of all
   * @throws DataError, in every process, when one has read other rows
   */
  async sum(own: LossAndGradients, micro: readonly (readonly PrefixLmBatch[])[]): Promise<LossAndGradients> {
    const { rank, size } = this.group;
    const read = batchFingerprint(micro.flat());
    // A number a process, in its own place: the sum is what all of them say.
    const places = tf.tensor1d(Array.from({ length: size }, (_, i) => (i === rank ? read : 0)));
    const given = [...own.gradients.values(), own.loss, places];
    let sums: tf.Tensor[];
    try {
      sums = await this.group.allReduce(given);
    } finally {
      tf.dispose(given);
    }
    const said = sums.pop()!;
    const reads = await said.data();
    said.dispose();
    const other = reads.findIndex(each => each !== reads[0]);
    if (other >= 0) {
      tf.dispose(sums);
      throw new DataError(
        'DATA_INVALID',
        `process ${other} reads other examples than process 0: the data must be the same for all`,
      );
    }
    const loss = sums.pop() as tf.Scalar;
    let next = 0;
    return { loss, gradients: own.gradients.map(() => sums[next++]!), tokens: own.tokens };
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
