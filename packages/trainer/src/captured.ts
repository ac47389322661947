import { ConfigError, ParameterTree, type PrefixLmBatch, type Random } from '@simvlm/core';
import { drops, type HostArray, type LossOptions, type ModelInput, type SimVlm } from '@simvlm/model';
import { type CapturedStep, canAdamwInPlace, captureStep, variableGradients } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import type { AdamW } from './optimizer';

/** Recordings that are kept: of batches with and without images, prefixes, and the last ones of an epoch. */
const KEPT = 4;

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

type Tensors = Record<string, tf.Tensor>;

interface Recording {
  readonly step: CapturedStep<CapturedOutputs>;
  readonly inputs: Tensors;
}

/**
 * Whole training steps (forward, backward, clipping, AdamW) as recordings: one for each combination of shapes, made when it first
 * comes. Batches are padded to the model's text length, so that there are few.
 */
export class CapturedTraining {
  readonly #model: SimVlm;
  readonly #optimizer: AdamW;
  readonly #loss: LossOptions;
  /** By shapes, the one that was not used for longest first. */
  readonly #recordings = new Map<string, Recording>();

  /**
   * @param loss options of the loss, or its label smoothing alone
   * @throws ConfigError on a backend that does not overwrite tensors
   */
  constructor(model: SimVlm, optimizer: AdamW, loss: LossOptions | number) {
    if (!canAdamwInPlace()) {
      throw new ConfigError(
        'CONFIG_INVALID',
        `train config: "captureSteps" needs the backend 'native' or 'webgpu', not '${tf.getBackend()}'`,
      );
    }
    this.#model = model;
    this.#optimizer = optimizer;
    this.#loss = typeof loss === 'number' ? { labelSmoothing: loss } : loss;
  }

  /**
   * One step; loss and gradients are those of `lossAndGradients`. The optimiser has counted it.
   *
   * @param random what dropout and stochastic depth of this step draw from: its seeds are inputs of the recording
   */
  run(micro: readonly (readonly PrefixLmBatch[])[], learningRate: number, random?: Random): CapturedResult {
    const drawn = drops(this.#loss) ? random : undefined;
    const arrays = new Map<string, HostArray>();
    let tokens = 0;
    for (const [i, parts] of micro.entries()) {
      for (const [j, part] of parts.entries()) {
        tokens += this.#model.lossTokens(part);
        for (const [name, array] of Object.entries(this.#model.inputArrays(part, 'full', drawn?.fork(i))))
          arrays.set(`${i}.${j}.${name}`, array);
      }
    }
    const one = (value: number): HostArray => ({ shape: [], values: Float32Array.of(value) });
    arrays.set('perToken', one(1 / tokens));
    arrays.set('learningRate', one(learningRate));
    arrays.set('step', one(this.#optimizer.step + 1));
    const { step } = this.#recordingFor(arrays, micro);
    for (const [name, { values }] of arrays) step.write(name, values);
    const outputs = step.run();
    this.#optimizer.counted();
    return { ...outputs, tokens };
  }

  dispose(): void {
    for (const recording of this.#recordings.values()) discard(recording);
    this.#recordings.clear();
  }

  #recordingFor(
    arrays: ReadonlyMap<string, HostArray>,
    micro: readonly (readonly PrefixLmBatch[])[],
  ): Recording {
    const key = [...arrays].map(([name, { shape }]) => `${name}[${shape}]`).join();
    const recordings = this.#recordings;
    const recording =
      recordings.get(key) ??
      this.#make(
        arrays,
        micro.map(parts => parts.length),
      );
    recordings.delete(key);
    recordings.set(key, recording);
    if (recordings.size > KEPT) {
      const [oldest, unused] = recordings.entries().next().value!;
      recordings.delete(oldest);
      discard(unused);
    }
    return recording;
  }

  /** @param parts how many parts each micro-batch has */
  #make(arrays: ReadonlyMap<string, HostArray>, parts: readonly number[]): Recording {
    const inputs: Tensors = {};
    for (const [name, { shape, values }] of arrays)
      inputs[name] = tf.keep(
        tf.tensor(values, [...shape], values instanceof Float32Array ? 'float32' : 'int32'),
      );
    return { inputs, step: captureStep({ inputs, step: given => this.#step(given, parts) }) };
  }

  #step(given: Tensors, parts: readonly number[]): CapturedOutputs {
    const { params } = this.#optimizer;
    const variables = params.values();
    const { perToken, learningRate, step } = given as Record<string, tf.Scalar>;
    const losses: tf.Tensor[] = [];
    const gradients: tf.Tensor[][] = [];
    for (const [i, count] of parts.entries()) {
      const inputs = Array.from({ length: count }, (_, j) => inputOf(given, `${i}.${j}.`));
      const { value, grads } = variableGradients(
        () => this.#model.lossOf(inputs, this.#loss).mul(perToken!) as tf.Scalar,
        variables,
      );
      losses.push(value);
      gradients.push(variables.map(variable => grads[variable.name] ?? tf.zerosLike(variable)));
    }
    const total = gradients.reduce((sum, more) => sum.map((tensor, i) => tf.add(tensor, more[i]!)));
    const tree = ParameterTree.from(params.names().map((name, i) => [name, total[i]!]));
    const gradientNorm = this.#optimizer.applyInPlace(tree, learningRate!, step!);
    return { loss: tf.addN(losses) as tf.Scalar, gradientNorm };
  }
}

function inputOf(given: Tensors, prefix: string): ModelInput {
  const own = Object.entries(given).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(
    own.map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  ) as unknown as ModelInput;
}

function discard({ step, inputs }: Recording): void {
  step.dispose();
  tf.dispose(inputs);
}
