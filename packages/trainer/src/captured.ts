import { ConfigError, ParameterTree, type PrefixLmBatch, type Random } from '@simvlm/core';
import { drops, type HostArray, type LossOptions, type ModelInput, type SimVlm } from '@simvlm/model';
import { canAdamwInPlace, variableGradients } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import type { LossAndGradients, StreamedGradients } from './gradients';
import type { AdamW } from './optimizer';
import { Recordings, type Tensors } from './recordings';
import { ownRows } from './rows';

/** What a captured step gives; it belongs to the recording, and holds until the next step. */
export type CapturedOutputs = {
  /** Mean loss over the loss tokens, in nats. */
  readonly loss: tf.Scalar;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: tf.Scalar;
};

export type CapturedResult = CapturedOutputs & {
  /** Loss tokens. */
  readonly tokens: number;
};

/**
 * Whole training steps (forward, backward, clipping, AdamW) as recordings: one for each combination of shapes, made when it first
 * comes. Batches are padded to the model's text length, so that there are few.
 */
export class CapturedTraining {
  readonly #model: SimVlm;
  readonly #optimizer: AdamW;
  readonly #loss: LossOptions;
  readonly #recordings: Recordings<CapturedOutputs>;

  /**
   * @param loss options of the loss, or its label smoothing alone
   * @throws ConfigError on a backend that does not overwrite tensors
   */
  constructor(model: SimVlm, optimizer: AdamW, loss: LossOptions | number) {
    checkBackend();
    this.#model = model;
    this.#optimizer = optimizer;
    this.#loss = typeof loss === 'number' ? { labelSmoothing: loss } : loss;
    this.#recordings = new Recordings((given, parts) => this.#step(given, parts));
  }

  /**
   * One step; loss and gradients are those of `lossAndGradients`. The optimiser has counted it.
   *
   * @param random what dropout and stochastic depth of this step draw from: its seeds are inputs of the recording
   */
  run(micro: readonly (readonly PrefixLmBatch[])[], learningRate: number, random?: Random): CapturedResult {
    const tokens = lossTokens(this.#model, micro);
    const arrays = inputArrays(this.#model, micro, tokens, drops(this.#loss) ? random : undefined);
    arrays.set('learningRate', one(learningRate));
    arrays.set('step', one(this.#optimizer.step + 1));
    const outputs = this.#recordings.run(
      arrays,
      micro.map(parts => parts.length),
    );
    this.#optimizer.counted();
    return { ...outputs, tokens };
  }

  dispose(): void {
    this.#recordings.dispose();
  }

  #step(given: Tensors, parts: readonly number[]): CapturedOutputs {
    const { params } = this.#optimizer;
    const { loss, gradients } = gradientsOfInputs(this.#model, this.#loss, params, given, parts);
    const { learningRate, step } = given as Record<string, tf.Scalar>;
    return { loss, gradientNorm: this.#optimizer.applyInPlace(gradients, learningRate!, step!) };
  }
}

/**
 * The part of a training step that one of several processes does by itself (forward and backward) as recordings. Nothing of the inside of a
 * recording can wait for others: gradients are added up after it, not while it runs.
 */
export class CapturedGradients {
  readonly #model: SimVlm;
  readonly #params: ParameterTree<tf.Variable>;
  readonly #loss: LossOptions;
  readonly #recordings: Recordings<Tensors>;

  /** @throws ConfigError on a backend that does not overwrite tensors */
  constructor(model: SimVlm, params: ParameterTree<tf.Variable>, loss: LossOptions) {
    checkBackend();
    this.#model = model;
    this.#params = params;
    this.#loss = loss;
    this.#recordings = new Recordings((given, parts) => {
      const { loss, gradients } = gradientsOfInputs(model, this.#loss, params, given, parts);
      return { loss, ...Object.fromEntries([...gradients].map(([name, each]) => [`of ${name}`, each])) };
    });
  }

  /** As `streamGradients`. */
  run(
    micro: readonly (readonly PrefixLmBatch[])[],
    { share, receive }: StreamedGradients,
    random: Random,
  ): Pick<LossAndGradients, 'loss' | 'tokens'> {
    const tokens = lossTokens(this.#model, micro);
    const own = micro.map(parts => ownRows(parts, share));
    if (own.every(parts => parts.length === 0)) return { loss: tf.scalar(0), tokens };
    const arrays = inputArrays(this.#model, own, tokens, drops(this.#loss) ? random : undefined);
    const outputs = this.#recordings.run(
      arrays,
      own.map(parts => parts.length),
    );
    for (const name of this.#params.names().reverse()) receive(name, outputs[`of ${name}`]!);
    return { loss: outputs.loss!.clone() as tf.Scalar, tokens };
  }

  dispose(): void {
    this.#recordings.dispose();
  }
}

function checkBackend(): void {
  if (!canAdamwInPlace())
    throw new ConfigError(
      'CONFIG_INVALID',
      `train config: "captureSteps" needs the backend 'native' or 'webgpu', not '${tf.getBackend()}'`,
    );
}

function one(value: number): HostArray {
  return { shape: [], values: Float32Array.of(value) };
}

function lossTokens(model: SimVlm, micro: readonly (readonly PrefixLmBatch[])[]): number {
  return micro.flat().reduce((sum, part) => sum + model.lossTokens(part), 0);
}

/** The inputs of a recording: of each part under its numbers, and by what a token's loss counts. */
function inputArrays(
  model: SimVlm,
  micro: readonly (readonly PrefixLmBatch[])[],
  tokens: number,
  random: Random | undefined,
): Map<string, HostArray> {
  const arrays = new Map<string, HostArray>();
  for (const [i, parts] of micro.entries())
    for (const [j, part] of parts.entries())
      for (const [name, array] of Object.entries(model.inputArrays(part, 'full', random?.fork(i))))
        arrays.set(`${i}.${j}.${name}`, array);
  arrays.set('perToken', one(1 / tokens));
  return arrays;
}

/** Loss and gradients out of such inputs. */
function gradientsOfInputs(
  model: SimVlm,
  loss: LossOptions,
  params: ParameterTree<tf.Variable>,
  given: Tensors,
  parts: readonly number[],
): { readonly loss: tf.Scalar; readonly gradients: ParameterTree<tf.Tensor> } {
  const variables = params.values();
  const losses: tf.Tensor[] = [];
  const gradients: tf.Tensor[][] = [];
  for (const [i, count] of parts.entries()) {
    if (count === 0) continue;
    const inputs = Array.from({ length: count }, (_, j) => inputOf(given, `${i}.${j}.`));
    const { value, grads } = variableGradients(
      () => model.lossOf(inputs, loss).mul(given.perToken!) as tf.Scalar,
      variables,
    );
    losses.push(value);
    gradients.push(variables.map(variable => grads[variable.name] ?? tf.zerosLike(variable)));
  }
  const total = gradients.reduce((sum, more) => sum.map((tensor, i) => tf.add(tensor, more[i]!)));
  return {
    loss: tf.addN(losses) as tf.Scalar,
    gradients: ParameterTree.from(params.names().map((name, i) => [name, total[i]!])),
  };
}

function inputOf(given: Tensors, prefix: string): ModelInput {
  const own = Object.entries(given).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(
    own.map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  ) as unknown as ModelInput;
}
