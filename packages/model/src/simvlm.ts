import {
  checkFiniteValues,
  parameterSources,
  readSafetensors,
  restoreParameters,
  type SafeTensor,
  type TensorSet,
  type TensorSource,
  writeSafetensors,
} from '@simvlm/checkpoint';
import {
  CheckpointError,
  ConfigError,
  declaredParameters,
  type Feeds,
  type ParameterSpec,
  ParameterTree,
  type PrefixLmBatch,
  Random,
  Registry,
  ShapeError,
} from '@simvlm/core';
import { crossEntropy, deviceWriter, partReader } from '@simvlm/ops';
import { visionPlugin } from '@simvlm/vision-patcher';
import * as tf from '@tensorflow/tfjs-core';
import { type AttentionMaps, attentionMaps } from './attention-maps';
import { checkModelConfig } from './check-config';
import type { SimVlmConfig } from './config';
import { type Features, features } from './features';
import { readAdapters, writeAdapters } from './finetune/adapter-file';
import type { DropRates } from './finetune/drop';
import { checkTargets, isAdapter, resolveLora } from './finetune/lora';
import { generate } from './generate/generate';
import type { Continuation, GenerateRequest } from './generate/request';
import { inputArrays, type ModelInput, upload } from './input';
import { layout, type Padding } from './layout';
import { buildNetwork } from './network';
import type { Network } from './network/contract';
import {
  type LikeliestCandidate,
  likeliestCandidates,
  type Normalisation,
} from './score/likeliest-candidate';
import { type CandidatePrefixes, scoreCandidates } from './score/score-candidates';
import { assignValues, valuesOf } from './weights/assign';
import { checkFitsMemory } from './weights/fits-memory';
import { variableScope } from './weights/variables';

export interface CreateOptions {
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** `zeros`: no weight is drawn, which saves time where weights are loaded next; default `random`. */
  readonly init?: 'random' | 'zeros';
  /** Where patchers are looked up; default: our own. */
  readonly registry?: Registry;
}

/** How training passes through the model. */
export interface TrainingOptions extends Partial<DropRates> {
  /**
   * Saves memory for time: nothing of the inside of a Transformer block is kept for the backward pass, which computes it once more
   * (gradient checkpointing). The gradients are the same. Default false.
   */
  readonly checkpointBlocks?: boolean;
  /**
   * What `dropout` and `stochasticDepth` draw from, where they are above 0 (see `finetune/drop.ts`): the same numbers drop the same, so that each
   * step needs some of its own, such as `Random.fromSeed(seed).fork(step)`. A row's draws follow from it and from the row's id: an example
   * that stands twice in a batch drops the same twice.
   */
  readonly random?: Random;
}

export interface LossOptions extends TrainingOptions {
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
   * @throws ConfigError for a configuration that makes no model; BackendError OUT_OF_MEMORY for one whose weights the backend cannot hold
   */
  static create(
    config: SimVlmConfig,
    { seed = 0, init = 'random', registry = defaultRegistry() }: CreateOptions = {},
  ): SimVlm {
    const checked = checkModelConfig(config);
    checkFitsMemory(() => modelParameters(checked, registry));
    const params = new ParameterTree<tf.Variable>();
    const scope = variableScope(params, init === 'zeros' ? init : Random.fromSeed(seed).fork('weights'));
    try {
      const network = buildNetwork(checked, scope, registry);
      if (checked.lora) checkTargets(checked.lora, params.names());
      return new SimVlm(checked, params, network);
    } catch (error) {
      // A patcher or an adapter that refuses its options leaves no weights behind.
      tf.dispose(params.values());
      throw error;
    }
  }

  /**
   * What training changes: every parameter, or of a model with adapters the adapters alone.
   *
   * @throws ConfigError for weights of integers without adapters beside them
   */
  get trainable(): ParameterTree<tf.Variable> {
    if (this.config.weights && !this.config.lora)
      throw invalid(
        `its weights are integers of ${this.config.weights.bits} bits ("weights"), which cannot be trained; train adapters beside them ("lora")`,
      );
    return this.config.lora ? this.params.filter(isAdapter) : this.params;
  }

  /**
   * The prefix-LM loss (equation 3 of the paper): mean negative log-likelihood, in nats, of the tokens after the prefix.
   * With several batches the mean is over the loss tokens of all of them.
   *
   * @returns a scalar, differentiable by the parameters; the caller disposes it
   * @throws ShapeError when a batch does not fit the model; ConfigError for options that do not
   */
  loss(batches: PrefixLmBatch | readonly PrefixLmBatch[], options: LossOptions = {}): tf.Scalar {
    const list = 'tokens' in batches ? [batches] : batches;
    if (list.length === 0) throw new ShapeError('loss: there must be at least one batch, got none');
    const plans = list.map(batch => layout(batch, this.config));
    const tokens = plans.reduce((sum, { lossTokens }) => sum + lossTokens, 0);
    const random = drops(options) ? options.random : undefined;
    return tf.tidy(() => {
      const inputs = plans.map((plan, i) => upload(inputArrays(plan, list[i]!, random)));
      return tf.div(tf.addN(inputs.map(input => this.lossOf(input, options))), tokens) as tf.Scalar;
    });
  }

  /**
   * The sum of the loss over the loss tokens of a batch that is on the device already: what `loss` is the mean of. It reads
   * and uploads nothing, so that it can be captured.
   *
   * @returns a scalar, differentiable by the parameters; the caller disposes it
   */
  lossOf(input: ModelInput, options: LossOptions = {}): tf.Scalar {
    return tf.tidy(() => tf.sum(this.#rowLosses(input, options)) as tf.Scalar);
  }

  /**
   * The numbers of a batch as `lossOf` reads them.
   *
   * @param random as in the options of `loss`, where something is dropped
   * @throws ShapeError when the batch does not fit the model
   */
  inputArrays(batch: PrefixLmBatch, padding?: Padding, random?: Random): Feeds {
    return inputArrays(layout(batch, this.config, padding), batch, random);
  }

  /**
   * Hidden states `float32[B, L, D]` at the places of the layout, which `loss` makes logits of: for heads of one's own. They belong to the tidy
   * around the call.
   *
   * @throws ConfigError for rates out of range, without anything that they apply to, or without the seeds that `random` makes
   */
  hidden(
    input: ModelInput,
    { checkpointBlocks = false, dropout = 0, stochasticDepth = 0 }: TrainingOptions = {},
  ): tf.Tensor3D {
    for (const [name, rate] of Object.entries({ dropout, stochasticDepth }))
      if (!(rate >= 0 && rate < 1))
        throw invalid(`"${name}" must be a number from 0 to below 1, got ${rate}`);
    if (stochasticDepth > 0 && this.network.depth === 0)
      throw invalid('"stochasticDepth" is for the blocks of patcher and encoder, and this model has neither');
    const { seeds } = input;
    if (!drops({ dropout, stochasticDepth }))
      return this.network.hidden(input, { checkpointBlocks }) as tf.Tensor3D;
    if (!seeds) throw invalid('"dropout" and "stochasticDepth" need "random", which they draw from');
    return this.network.hidden(input, {
      checkpointBlocks,
      drops: { dropout, stochasticDepth, seeds },
    }) as tf.Tensor3D;
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
    const rows = await this.tokenLogProbs(batch);
    return Float32Array.from(rows, row => row.reduce((sum, value) => sum + value, 0));
  }

  /** log p, in nats, of each token after the prefix, given all that stands before it: one list a row. */
  async tokenLogProbs(batch: PrefixLmBatch): Promise<Float32Array[]> {
    const plan = layout(batch, this.config);
    const losses = tf.tidy(() => this.#rowLosses(upload(inputArrays(plan, batch)), {}));
    const values = (await losses.data()) as Float32Array;
    losses.dispose();
    const { length: L, weights } = plan;
    return Array.from({ length: batch.size }, (_, row) =>
      values
        .subarray(row * L, (row + 1) * L)
        .filter((_, place) => weights[row * L + place] === 1)
        .map(loss => -loss),
    );
  }

  /**
   * Σ log p of each candidate text given its image and prompt, which are read once, whatever the number of candidates.
   *
   * @param prefixes images, prompts or both, B rows
   * @param candidates for each row its candidates as token ids, the end token included
   * @returns for each row one number, in nats, a candidate
   * @throws ShapeError when images, prompts and texts do not fit one another or the model
   */
  scoreCandidates(
    prefixes: CandidatePrefixes,
    candidates: readonly (readonly Int32Array[])[],
  ): Promise<number[][]> {
    return scoreCandidates(this, prefixes, candidates);
  }

  /**
   * The likeliest of many texts for each row. The choice is that of `scoreCandidates`, but only those candidates are computed whose first token
   * leaves them a chance.
   *
   * @param prefixes images, prompts or both, and how many rows they are
   * @param candidates of all rows, one at least, as token ids with the end token
   * @param normalise default `sum`
   * @throws ShapeError as `scoreCandidates`
   */
  likeliestCandidates(
    prefixes: CandidatePrefixes & { readonly rows: number },
    candidates: readonly Int32Array[],
    normalise: Normalisation = 'sum',
  ): Promise<LikeliestCandidate[]> {
    return likeliestCandidates(this, prefixes, candidates, normalise);
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

  /**
   * Where the model looks in an image as it predicts each token of a text: the cross-attention over the image tokens, or that of the
   * text in the one stack of the decoder-only architecture; mean over heads and layers, each row scaled to sum to 1.
   *
   * @param image `uint8[S, S, 3]`
   * @param tokens `int32[T]`, such as `generate` gives them, T from 1 to `maxTextLength`
   * @throws ShapeError when the image or the text does not fit the model
   */
  attentionMaps(image: Uint8Array, tokens: Int32Array): Promise<AttentionMaps> {
    return attentionMaps(this, image, tokens);
  }

  /**
   * Pictures as vectors, for what is built on a frozen model: the mean over the image tokens of what the model makes of them before there is a
   * text. That is the encoder's output, decoder-only the stack's, both behind their final norm, and of a model without an encoder that reads
   * the picture alone the patcher's tokens. A class token has no share. A picture's vector does not depend on its neighbours.
   *
   * @param images `uint8[B, S, S, 3]`, as many at a time as there is room for (`picturesAtOnce`)
   * @throws ShapeError when the images do not fit the model
   */
  features(images: Uint8Array): Promise<Features> {
    return features(this, images);
  }

  /** The weights, those of adapters among them: their numbers are fetched when they are asked for, one tensor at a time. */
  weights(): [string, TensorSource][] {
    return parameterSources(this.params, partReader);
  }

  /** The weights as one safetensors file in memory: for small models; `weights` goes to a file in parts. */
  async saveWeights(metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
    return writeSafetensors(await valuesOf(this.params), metadata);
  }

  /**
   * Takes the weights of a safetensors file in memory (F32, F16 or BF16, and I8 where the model has integers). All or nothing: names, shapes and numbers are checked first. A
   * model with adapters takes those of a model without, too; then its adapters stay as they are.
   *
   * @throws CheckpointError when the file is damaged, lacks a weight, has one too many or one of another shape, or holds what is no number
   */
  loadWeights(file: Uint8Array | ReadonlyMap<string, SafeTensor>): void {
    const tensors = file instanceof Uint8Array ? readSafetensors(file).tensors : file;
    for (const [name, { values }] of tensors) checkFiniteValues(name, values, 'weights');
    assignValues(this.#taking(tensors.keys()), tensors, 'weights');
  }

  /**
   * Takes the weights of open tensors, as `loadWeights`, with one tensor in memory at a time.
   *
   * @throws CheckpointError when names or shapes do not fit: then nothing has changed; when a tensor cannot be read
   */
  async loadTensors(set: TensorSet): Promise<void> {
    await restoreParameters(this.#taking(set.tensors.keys()), set, 'weights', deviceWriter);
  }

  /** The adapters alone as a safetensors file, with their configuration in its metadata. @throws ConfigError when there are none */
  async saveAdapters(): Promise<Uint8Array> {
    if (!this.config.lora) throw invalid('this model has no adapters ("lora")');
    return writeAdapters(await valuesOf(this.trainable), this.config.lora);
  }

  /**
   * Takes the adapters of a file that `saveAdapters` made; all other weights stay as they are. All or nothing.
   *
   * @throws CheckpointError when the file is damaged, or its adapters are others than this model has
   */
  loadAdapters(bytes: Uint8Array): void {
    const { adapters, lora } = readAdapters(bytes);
    const [given, own] = [lora, this.config.lora && resolveLora(this.config.lora)].map(each =>
      JSON.stringify(each),
    );
    if (given !== own)
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `adapters: the file has ${given}, this model ${own ?? 'has none'}`,
      );
    assignValues(this.trainable, adapters, 'adapters');
  }

  /** Frees every weight. The model is of no use afterwards. */
  dispose(): void {
    for (const variable of this.params.values()) variable.dispose();
  }

  /** What is taken of a file with these names. */
  #taking(names: Iterable<string>): ParameterTree<tf.Variable> {
    const adapted = [...names].some(isAdapter);
    return adapted ? this.params : this.params.filter(name => !isAdapter(name));
  }

  /** `float32[B · L]`: the loss of each place, 0 where there is none. */
  #rowLosses(input: ModelInput, { labelSmoothing = 0, ...options }: LossOptions): tf.Tensor1D {
    const count = input.inputs.size;
    const [targets, weights] = [tf.reshape(input.targets, [count]), tf.reshape(input.weights, [count])];
    const hidden = tf.reshape(this.hidden(input, options), [count, this.config.width]);
    return crossEntropy(this.network.logits(hidden), targets, weights, { labelSmoothing });
  }
}

/** Whether training drops anything at random. */
export function drops({ dropout = 0, stochasticDepth = 0 }: Partial<DropRates>): boolean {
  return dropout > 0 || stochasticDepth > 0;
}

function invalid(what: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', `model: ${what}`);
}
