import { parameterSources, type TensorSet, type TensorSource } from '@simvlm/checkpoint';
import { CheckpointError, ParameterTree, type Share } from '@simvlm/core';
import { adamwInPlace, adamwStep, clipScale, globalNorm, partReader, unshare } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { ResolvedTrainConfig } from './config';
import { owners } from './owners';
import type { ParameterRate } from './parameter-rates';

export type AdamWOptions = Pick<ResolvedTrainConfig, 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'clip'>;

type Moments = { m: tf.Tensor; v: tf.Tensor };

const KINDS = ['m', 'v'] as const;

export interface StepReport {
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
}

/**
 * AdamW over a parameter tree: clipping by global norm, bias correction, and decoupled weight decay of weight matrices
 * (parameters named `….weight` with two axes or more; not biases, norms, positions or relative biases).
 *
 * Owns its moments: two tensors a parameter, until `dispose()`. As a share of several processes it has the moments of its own parameters
 * only, and changes only these: whoever applies it then gives each process the weights that the others have changed.
 */
export class AdamW {
  /** What is trained. */
  readonly params: ParameterTree<tf.Variable>;
  readonly #options: AdamWOptions;
  /** By name. */
  readonly #rates: ReadonlyMap<string, ParameterRate>;
  /** By name, the process that has a parameter's moments. */
  readonly #owners: ReadonlyMap<string, number>;
  #moments: ParameterTree<Moments>;
  #step = 0;

  /**
   * @param rates what parameters have of their own, by name; default: all alike
   * @param share which of several processes keeps a part of the moments here; default: one that keeps all
   */
  constructor(
    params: ParameterTree<tf.Variable>,
    options: AdamWOptions,
    rates: ReadonlyMap<string, ParameterRate> = new Map(),
    share: Share = { rank: 0, size: 1 },
  ) {
    this.params = params;
    this.#options = options;
    const { weightDecay } = options;
    this.#rates = new Map(
      [...params].map(([name, { shape }]) => {
        const own = rates.get(name) ?? { learningRate: 1, weightDecay };
        return [name, decays(name, shape) ? own : { ...own, weightDecay: 0 }];
      }),
    );
    this.#owners = owners(params, share);
    const own = params.filter(name => this.#owners.get(name) === share.rank);
    this.#moments = own.map(({ shape }) => ({ m: tf.keep(tf.zeros(shape)), v: tf.keep(tf.zeros(shape)) }));
  }

  /** Steps taken. */
  get step(): number {
    return this.#step;
  }

  /** The parameters whose moments a process has, in the order of the tree. */
  ownedBy(rank: number): string[] {
    return this.params.names().filter(name => this.#owners.get(name) === rank);
  }

  /** Name, shape and owner of all moments, whoever has them, in the order of `state()`. */
  stateEntries(): [name: string, shape: readonly number[], owner: number][] {
    return KINDS.flatMap(kind =>
      [...this.params].map(([name, { shape }]): [string, readonly number[], number] => [
        `${kind}.${name}`,
        shape,
        this.#owners.get(name)!,
      ]),
    );
  }

  /**
   * Changes every parameter once whose moments it has: in its memory, where the backend can and nobody else has that.
   *
   * @param gradients one for each parameter, by its name in the tree, as all of them make the norm; left to the caller to dispose,
   *   with undefined contents
   */
  async apply(gradients: ParameterTree<tf.Tensor>, learningRate: number): Promise<StepReport> {
    this.#step++;
    const own = this.#moments.names().map(name => this.params.get(name));
    const norm = unshare(own)
      ? tf.tidy(() => this.applyInPlace(gradients, tf.scalar(learningRate), tf.scalar(this.#step)))
      : this.#replace(gradients, learningRate);
    const [gradientNorm] = await norm.data();
    norm.dispose();
    return { gradientNorm: gradientNorm! };
  }

  /** Gives every parameter and moment new memory. @returns the gradient's global norm before clipping */
  #replace(gradients: ParameterTree<tf.Tensor>, learningRate: number): tf.Scalar {
    const { clip, weightDecay: _, ...rest } = this.#options;
    const norm = globalNorm(gradients.values());
    tf.tidy(() => {
      const gradScale = clip > 0 ? clipScale(norm, clip) : tf.scalar(1);
      for (const [name, moments] of this.#moments) {
        const param = this.params.get(name);
        const { learningRate: factor, weightDecay } = this.#rates.get(name)!;
        const inputs = { param, grad: gradients.get(name), ...moments, gradScale };
        const attrs = { ...rest, weightDecay, learningRate: learningRate * factor, step: this.#step };
        const [next, m, v] = adamwStep(inputs, attrs);
        param.assign(next);
        tf.dispose([moments.m, moments.v]);
        moments.m = tf.keep(m);
        moments.v = tf.keep(v);
      }
    });
    return norm;
  }

  /**
   * What `apply` does, also as part of a captured step: parameters and moments are overwritten, learning rate and step may be numbers that
   * only the device knows. Whoever runs a captured step says so with `counted()`.
   *
   * @returns the gradient's global norm before clipping
   */
  applyInPlace(gradients: ParameterTree<tf.Tensor>, learningRate: tf.Scalar, step: tf.Scalar): tf.Scalar {
    const { clip, weightDecay: _, ...rest } = this.#options;
    const norm = globalNorm(gradients.values());
    const gradScale = clip > 0 ? clipScale(norm, clip) : tf.scalar(1);
    // The kernel knows one learning rate: it runs once for each that there is.
    const factorOf = (name: string) => this.#rates.get(name)!.learningRate;
    for (const factor of new Set(this.#moments.names().map(factorOf))) {
      const names = this.#moments.names().filter(name => factorOf(name) === factor);
      const moments = names.map(name => this.#moments.get(name));
      const params = names.map(name => this.params.get(name));
      adamwInPlace(
        {
          ...{ params, grads: names.map(name => gradients.get(name)) },
          ...{ m: moments.map(({ m }) => m), v: moments.map(({ v }) => v) },
        },
        {
          gradScale,
          step,
          learningRate: factor === 1 ? learningRate : (tf.mul(learningRate, factor) as tf.Scalar),
        },
        { ...rest, weightDecays: names.map(name => this.#rates.get(name)!.weightDecay) },
      );
    }
    return norm;
  }

  /** A captured step was taken, or one that changes nothing. */
  counted(): void {
    this.#step++;
  }

  /** `apply`, with parameters and moments that stay where they are in memory, as recordings read them there. */
  async overwrite(gradients: ParameterTree<tf.Tensor>, learningRate: number): Promise<StepReport> {
    this.#step++;
    const norm = tf.tidy(() => this.applyInPlace(gradients, tf.scalar(learningRate), tf.scalar(this.#step)));
    const [gradientNorm] = await norm.data();
    norm.dispose();
    return { gradientNorm: gradientNorm! };
  }

  /** The moments that it has, under `m.` and `v.` and the parameter's name: their numbers are fetched when they are asked for. */
  state(): [string, TensorSource][] {
    return KINDS.flatMap(kind =>
      parameterSources(
        this.#moments.map(moments => moments[kind]),
        partReader,
      ).map(([name, tensor]): [string, TensorSource] => [`${kind}.${name}`, tensor]),
    );
  }

  /** @throws CheckpointError when a moment is missing or of another shape */
  checkFits({ tensors }: TensorSet): void {
    for (const [name, { shape }] of this.params) {
      for (const kind of KINDS) {
        const found = tensors.get(`${kind}.${name}`);
        if (found?.shape.join() !== shape.join()) {
          throw new CheckpointError(
            'CHECKPOINT_MISMATCH',
            `optimizer state: "${kind}.${name}" is ${found ? `[${found.shape}]` : 'missing'}, this model needs [${shape}]`,
          );
        }
      }
    }
  }

  /**
   * Goes on after `step` with these moments, of which it reads its own, one at a time.
   *
   * @throws CheckpointError when a moment is missing or of another shape: then nothing is changed
   */
  async restore(step: number, set: TensorSet): Promise<void> {
    this.checkFits(set);
    for (const [name, moments] of this.#moments) {
      for (const kind of KINDS) {
        const { shape, read } = set.tensors.get(`${kind}.${name}`)!;
        const values = await read();
        moments[kind].dispose();
        moments[kind] = tf.keep(tf.tensor(values, [...shape]));
      }
    }
    this.#step = step;
  }

  dispose(): void {
    for (const { m, v } of this.#moments.values()) tf.dispose([m, v]);
    this.#moments = new ParameterTree();
  }
}

function decays(name: string, shape: readonly number[]): boolean {
  return name.endsWith('.weight') && shape.length >= 2;
}
