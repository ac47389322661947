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
import { generate } from './generate/generate';
import type { Continuation, GenerateRequest } from './generate/request';
import { type HostArray, inputArrays, type ModelInput, upload } from './input';
import { layout, type Padding } from './layout';
import { buildNetwork, type Network } from './network';
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
  /**
   * Saves memory for time: nothing of the inside of a Transformer block is kept for the backward pass, which computes it once more
   * (gradient checkpointing). The gradients are the same. Default false.
   */
  readonly checkpointBlocks?: boolean;
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
    const plans = list.map(batch => layout(batch, this.config));
    const tokens = plans.reduce((sum, { lossTokens }) => sum + lossTokens, 0);
    return tf.tidy(() => {
      const inputs = plans.map((plan, i) => upload(inputArrays(plan, list[i]!)));
      return this.lossOf(inputs, options).div(tokens) as tf.Scalar;
    });
  }

  /**
   * The sum of the loss over the loss tokens of batches that are on the device already: what `loss` is the mean of. It reads
   * and uploads nothing, so that it can be captured.
   *
   * @returns a scalar, differentiable by the parameters; the caller disposes it
   */
  lossOf(inputs: readonly ModelInput[], options: LossOptions = {}): tf.Scalar {
    return tf.tidy(() => tf.addN(inputs.map(input => this.#rowLosses(input, options).sum())) as tf.Scalar);
  }

  /** The numbers of a batch as `lossOf` reads them. @throws ShapeError when it does not fit the model */
  inputArrays(batch: PrefixLmBatch, padding?: Padding): Record<string, HostArray> {
    return inputArrays(layout(batch, this.config, padding), batch);
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
      const input = upload(this.inputArrays(batch));
      return this.network.logits(this.network.hidden(input)) as tf.Tensor3D;
    });
  }

  /** Σ log p, in nats, of the tokens after the prefix: one number a row. */
  async score(batch: PrefixLmBatch): Promise<Float32Array> {
    const rows = tf.tidy(() => {
      const input = upload(this.inputArrays(batch));
      return this.#rowLosses(input, {}).reshape(input.inputs.shape).sum(1).neg();
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

  /**
   * Continues prefixes: see `GenerateRequest`. A row's texts do not depend on its neighbours; memory is constant over calls.
   *
   * @returns the texts of the rows in order, `captions` a row
   * @throws ConfigError, ShapeError for options and sizes that do not fit
   */
  generate(request: GenerateRequest): Promise<Continuation[]> {
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

  /** `float32[B · L]`: the loss of each place, 0 where there is none. */
  #rowLosses(input: ModelInput, { labelSmoothing = 0, checkpointBlocks = false }: LossOptions): tf.Tensor1D {
    const count = input.inputs.size;
    const hidden = this.network.hidden(input, { checkpointBlocks }).reshape([count, this.config.width]);
    return crossEntropy(
      this.network.logits(hidden),
      input.targets.reshape([count]),
      input.weights.reshape([count]),
      {
        labelSmoothing,
      },
    );
  }
}
