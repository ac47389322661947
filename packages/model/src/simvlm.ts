import {
  CheckpointError,
  declaredParameters,
  initialValues,
  type ParameterSpec,
  ParameterTree,
  type PrefixLmBatch,
  parameterScope,
  Random,
  Registry,
  ShapeError,
} from '@simvlm/core';
import { crossEntropy } from '@simvlm/ops';
import { visionPlugin } from '@simvlm/vision-patcher';
import * as tf from '@tensorflow/tfjs';
import { checkModelConfig, type SimVlmConfig } from './config';
import { type Generated, type GenerateRequest, generate } from './generate/generate';
import { type Layout, layout } from './layout';
import { buildNetwork, type Images, type Network } from './network';
import { scoreCandidates } from './score';
import { readSafetensors, type SafeTensor, writeSafetensors } from './weights/safetensors';

export interface CreateOptions {
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** Where patchers are looked up; default: our own. */
  readonly registry?: Registry;
}

export interface LossOptions {
  /** Share of the target spread over the vocabulary, 0 to 1; default 0. */
  readonly labelSmoothing?: number;
}

/** A registry with the patchers of this project. */
export function defaultRegistry(): Registry {
  return new Registry().use(visionPlugin);
}

/** Every parameter of a configuration with its shape, without a number allocated. */
export function modelParameters(
  config: SimVlmConfig,
  registry = defaultRegistry(),
): ParameterTree<ParameterSpec> {
  return declaredParameters(scope => buildNetwork(checkModelConfig(config), scope, registry));
}

/** SimVLM: one model, one prefix-LM loss. */
export class SimVlm {
  readonly config: SimVlmConfig;
  /** Every weight by its dotted name, owned by the model. */
  readonly params: ParameterTree<tf.Variable>;
  /** The forward passes, for those who build on them. */
  readonly network: Network;

  private constructor(config: SimVlmConfig, params: ParameterTree<tf.Variable>, network: Network) {
    this.config = config;
    this.params = params;
    this.network = network;
  }

  /**
   * A model with fresh weights on the current tfjs backend. The same seed gives the same weights on every backend.
   *
   * @throws ConfigError for a configuration that makes no model
   */
  static create(
    config: SimVlmConfig,
    { seed = 0, registry = defaultRegistry() }: CreateOptions = {},
  ): SimVlm {
    const checked = checkModelConfig(config);
    const random = Random.fromSeed(seed).fork('weights');
    const params = new ParameterTree<tf.Variable>();
    const scope = parameterScope(params, (name, spec) => {
      const start = tf.tensor(initialValues(name, spec, random), [...spec.shape]);
      const variable = tf.variable(start);
      start.dispose();
      return variable;
    });
    try {
      return new SimVlm(checked, params, buildNetwork(checked, scope, registry));
    } catch (error) {
      // A patcher that refuses its options leaves no weights behind.
      tf.dispose(params.values());
      throw error;
    }
  }

  /**
   * The prefix-LM loss (equation 3 of the paper): mean negative log-likelihood, in nats, of the tokens after the prefix.
   * With several batches the mean is over the loss tokens of all of them.
   *
   * @returns a scalar, differentiable by the parameters; the caller disposes it
   * @throws ShapeError when a batch does not fit the model
   */
  loss(batches: PrefixLmBatch | readonly PrefixLmBatch[], options: LossOptions = {}): tf.Scalar {
    const list = 'tokens' in batches ? [batches] : batches;
    if (list.length === 0) throw new ShapeError('loss: there must be at least one batch, got none');
    return tf.tidy(() => {
      const parts = list.map(batch => this.#weightedRows(batch, options));
      const tokens = parts.reduce((sum, part) => sum + part.plan.lossTokens, 0);
      return tf.addN(parts.map(({ rows }) => rows.sum())).div(tokens) as tf.Scalar;
    });
  }

  /** How many tokens of a batch the loss is on. */
  lossTokens(batch: PrefixLmBatch): number {
    return layout(batch, this.config).lossTokens;
  }

  /**
   * Logits at the places of the layout: `float32[B, L, V]`. Encoder-decoder: place i of row b predicts text token
   * `prefixLengths[b] + i`; decoder-only: text token i. The caller disposes them.
   */
  logits(batch: PrefixLmBatch): tf.Tensor3D {
    return tf.tidy(() => {
      const plan = layout(batch, this.config);
      return this.network.logits(this.network.hidden(plan, batch.size, this.#images(batch))) as tf.Tensor3D;
    });
  }

  /** Σ log p, in nats, of the tokens after the prefix: one number a row. */
  async score(batch: PrefixLmBatch): Promise<Float32Array> {
    const rows = tf.tidy(() => {
      const { rows, plan } = this.#weightedRows(batch, {});
      return rows.reshape([batch.size, plan.length]).sum(1).neg();
    });
    const values = (await rows.data()) as Float32Array;
    rows.dispose();
    return values;
  }

  /**
   * Σ log p of each candidate text given its image. The encoder-decoder encodes every image once, whatever the number of its
   * candidates; decoder-only reads it again for each.
   *
   * @param images `float32[B, S, S, 3]` in [−1, 1]
   * @param candidates for each image its candidates as token ids, the end token included
   * @returns for each image one number, in nats, a candidate
   */
  scoreCandidates(images: Float32Array, candidates: readonly (readonly Int32Array[])[]): Promise<number[][]> {
    return scoreCandidates(this, images, candidates);
  }

  /** Continues prefixes: see `GenerateRequest`. Memory is constant over calls. */
  generate(request: GenerateRequest): Promise<Generated[]> {
    return generate(this, request);
  }

  /** The weights as a safetensors file. */
  async saveWeights(metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
    const tensors: [string, SafeTensor][] = [];
    for (const [name, variable] of this.params) {
      tensors.push([name, { shape: variable.shape, values: (await variable.data()) as Float32Array }]);
    }
    return writeSafetensors(tensors, metadata);
  }

  /**
   * Takes the weights of a safetensors file (F32, F16 or BF16). All or nothing: names and shapes are checked first.
   *
   * @throws CheckpointError when the file is damaged, lacks a weight, has one too many or one of another shape
   */
  loadWeights(bytes: Uint8Array): void {
    const { tensors } = readSafetensors(bytes);
    for (const name of tensors.keys()) {
      if (!this.params.has(name))
        throw new CheckpointError('CHECKPOINT_MISMATCH', `weights: this model has no "${name}"`);
    }
    for (const [name, { shape }] of this.params) {
      const found = tensors.get(name);
      if (!found) throw new CheckpointError('CHECKPOINT_MISMATCH', `weights: "${name}" is missing`);
      if (found.shape.join() !== shape.join()) {
        throw new CheckpointError(
          'CHECKPOINT_MISMATCH',
          `weights: "${name}" is [${found.shape}], this model needs [${shape}]`,
        );
      }
    }
    tf.tidy(() => {
      for (const [name, variable] of this.params)
        variable.assign(tf.tensor(tensors.get(name)!.values, variable.shape));
    });
  }

  /** Frees every weight. The model is of no use afterwards. */
  dispose(): void {
    for (const variable of this.params.values()) variable.dispose();
  }

  #weightedRows(
    batch: PrefixLmBatch,
    { labelSmoothing = 0 }: LossOptions,
  ): { rows: tf.Tensor1D; plan: Layout } {
    const plan = layout(batch, this.config);
    const hidden = this.network.hidden(plan, batch.size, this.#images(batch));
    const count = batch.size * plan.length;
    const logits = this.network.logits(hidden.reshape([count, this.config.width]));
    const rows = crossEntropy(logits, tf.tensor1d(plan.targets, 'int32'), tf.tensor1d(plan.weights), {
      labelSmoothing,
    });
    return { rows, plan };
  }

  #images({ images, size }: PrefixLmBatch): Images {
    return images && tf.tensor4d(images.pixels, [size, images.side, images.side, 3]);
  }
}
