import { ConfigError, type FedTensors, type HostArray, ParameterTree, type Random } from '@simvlm/core';
import { canAdamwInPlace, variableGradients } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { StreamedGradients } from './gradients';
import { lossCount, type MicroBatches, type TrainLearner } from './learner';
import type { AdamW } from './optimizer';
import { Recordings, type Tensors } from './recordings';

/** What a captured step gives; it belongs to the recording, and holds until the next step. */
export type CapturedOutputs = {
  /** Mean loss, in nats. */
  readonly loss: tf.Scalar;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: tf.Scalar;
};

export type CapturedResult = CapturedOutputs & {
  /** Losses that the mean is of. */
  readonly count: number;
};

/**
 * Whole training steps (forward, backward, clipping, AdamW) as recordings: one for each combination of shapes, made when it first
 * comes. Batches are padded to full length, so that there are few.
 */
export class CapturedTraining<B> {
  readonly #learner: TrainLearner<B>;
  readonly #optimizer: AdamW;
  readonly #recordings: Recordings<CapturedOutputs>;

  /** @throws ConfigError on a backend that does not overwrite tensors */
  constructor(learner: TrainLearner<B>, optimizer: AdamW) {
    checkBackend();
    this.#learner = learner;
    this.#optimizer = optimizer;
    this.#recordings = new Recordings((given, parts) => this.#step(given, parts));
  }

  /**
   * One step; loss and gradients are those of `lossAndGradients`. The optimiser has counted it.
   *
   * @param random what this step draws from, where something is dropped: its seeds are inputs of the recording
   */
  run(micro: MicroBatches<B>, learningRate: number, random?: Random): CapturedResult {
    const count = lossCount(this.#learner, micro);
    const arrays = inputArrays(this.#learner, micro, count, random);
    arrays.set('learningRate', one(learningRate));
    arrays.set('step', one(this.#optimizer.step + 1));
    const outputs = this.#recordings.run(
      arrays,
      micro.map(parts => parts.length),
    );
    this.#optimizer.counted();
    return { ...outputs, count };
  }

  /** Frees the recordings; others are made when they are needed again, as when weights have moved in memory. */
  dispose(): void {
    this.#recordings.dispose();
  }

  #step(given: Tensors, parts: readonly number[]): CapturedOutputs {
    const { params } = this.#optimizer;
    const { loss, gradients } = gradientsOfInputs(this.#learner, params, given, parts);
    const { learningRate, step } = given as Record<string, tf.Scalar>;
    return { loss, gradientNorm: this.#optimizer.applyInPlace(gradients, learningRate!, step!) };
  }
}

/**
 * The part of a training step that one of several processes does by itself (forward and backward) as recordings. Nothing of the inside of a
 * recording can wait for others: gradients are added up after it, not while it runs.
 */
export class CapturedGradients<B> {
  readonly #learner: TrainLearner<B>;
  readonly #params: ParameterTree<tf.Variable>;
  readonly #recordings: Recordings<Tensors>;

  /** @throws ConfigError on a backend that does not overwrite tensors */
  constructor(learner: TrainLearner<B>, params: ParameterTree<tf.Variable>) {
    checkBackend();
    this.#learner = learner;
    this.#params = params;
    this.#recordings = new Recordings((given, parts) => {
      const { loss, gradients } = gradientsOfInputs(learner, params, given, parts);
      return { loss, ...Object.fromEntries([...gradients].map(([name, each]) => [`of ${name}`, each])) };
    });
  }

  /** As `streamGradients`. */
  run(micro: MicroBatches<B>, { count, receive }: StreamedGradients, random: Random): tf.Scalar {
    if (micro.every(parts => parts.length === 0)) return tf.scalar(0);
    const outputs = this.#recordings.run(
      inputArrays(this.#learner, micro, count, random),
      micro.map(parts => parts.length),
    );
    for (const name of this.#params.names().reverse()) receive(name, outputs[`of ${name}`]!);
    return outputs.loss!.clone() as tf.Scalar;
  }

  /** Frees the recordings; others are made when they are needed again, as when weights have moved in memory. */
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

/** The inputs of a recording: of each part under its numbers, and by what a loss counts. */
function inputArrays<B>(
  learner: TrainLearner<B>,
  micro: MicroBatches<B>,
  count: number,
  random: Random | undefined,
): Map<string, HostArray> {
  const arrays = new Map<string, HostArray>();
  for (const [i, parts] of micro.entries()) {
    const options = { padding: 'full' as const, ...(random && { random: random.fork(i) }) };
    for (const [j, part] of parts.entries())
      for (const [name, array] of Object.entries(learner.feeds(part, options)))
        arrays.set(`${i}.${j}.${name}`, array);
  }
  arrays.set('perLoss', one(1 / count));
  return arrays;
}

/** Loss and gradients out of such inputs. */
function gradientsOfInputs<B>(
  learner: TrainLearner<B>,
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
      () => tf.tidy(() => tf.mul(tf.addN(inputs.map(feeds => learner.loss(feeds, true))), given.perLoss!)),
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

function inputOf(given: Tensors, prefix: string): FedTensors<tf.Tensor> {
  const own = Object.entries(given).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
