import { parameterSources, type TensorSet, type TensorSource } from '@simvlm/checkpoint';
import { CheckpointError, ParameterTree } from '@simvlm/core';
import { partReader } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

/**
 * An exponential moving average of weights (Polyak and Juditsky, 1992, with forgetting): after each step
 * average ← decay · average + (1 − decay) · weights, from the weights of the beginning on. A decay of 0 is the weights themselves.
 *
 * Owns one tensor a parameter, until `dispose()`.
 */
export class WeightAverage {
  readonly #params: ParameterTree<tf.Variable>;
  readonly #decay: number;
  #averages: ParameterTree<{ tensor: tf.Tensor }>;

  /** @param params those that are trained: what never changes is its own average, but for rounding */
  constructor(params: ParameterTree<tf.Variable>, decay: number) {
    this.#params = params;
    this.#decay = decay;
    // A product, as a clone would share the memory that a captured step overwrites.
    this.#averages = params.map(variable => ({ tensor: tf.keep(tf.mul(variable, 1)) }));
  }

  /** The average begins anew with the weights as they are. */
  restart(): void {
    this.#replace(variable => tf.mul(variable, 1));
  }

  /** A step was taken. */
  update(): void {
    this.#replace((variable, tensor) =>
      tf.add(tf.mul(tensor, this.#decay), tf.mul(variable, 1 - this.#decay)),
    );
  }

  /** Puts the averages in the place of the weights. */
  assign(): void {
    for (const [name, variable] of this.#params)
      tf.tidy(() => variable.assign(tf.mul(this.#averages.get(name).tensor, 1)));
  }

  /** While `act` runs the weights are the averages; afterwards they are what they were, in other memory. */
  async during<T>(act: () => Promise<T>): Promise<T> {
    const own = this.#params.map(variable => tf.tidy(() => tf.keep(tf.mul(variable, 1))));
    this.assign();
    try {
      return await act();
    } finally {
      for (const [name, variable] of this.#params) {
        variable.assign(own.get(name));
        own.get(name).dispose();
      }
    }
  }

  /** The averages: their numbers are fetched when they are asked for. */
  tensors(): [string, TensorSource][] {
    return parameterSources(
      this.#averages.map(({ tensor }) => tensor),
      partReader,
    );
  }

  /** @throws CheckpointError when one is missing or of another shape */
  checkFits({ tensors }: TensorSet): void {
    for (const [name, { shape }] of this.#params) {
      const found = tensors.get(name);
      if (found?.shape.join() !== shape.join())
        throw new CheckpointError(
          'CHECKPOINT_MISMATCH',
          `averaged weights: "${name}" is ${found ? `[${found.shape}]` : 'missing'}, this model needs [${shape}]`,
        );
    }
  }

  /** Goes on with these averages. @throws CheckpointError as `checkFits`: then nothing is changed */
  async restore(set: TensorSet): Promise<void> {
    this.checkFits(set);
    for (const [name, average] of this.#averages) {
      const { shape, read } = set.tensors.get(name)!;
      const values = await read();
      average.tensor.dispose();
      average.tensor = tf.keep(tf.tensor(values, [...shape]));
    }
  }

  dispose(): void {
    for (const { tensor } of this.#averages.values()) tensor.dispose();
    this.#averages = new ParameterTree();
  }

  #replace(change: (variable: tf.Variable, average: tf.Tensor) => tf.Tensor): void {
    for (const [name, variable] of this.#params) {
      const average = this.#averages.get(name);
      const next = tf.tidy(() => tf.keep(change(variable, average.tensor)));
      average.tensor.dispose();
      average.tensor = next;
    }
  }
}
