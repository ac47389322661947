import { ConfigError, checkOptions, ParameterTree, Random, rule, ShapeError } from '@simvlm/core';
import { assignNumbers, linearMap } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { SimVlm } from '../simvlm';
import { variableScope } from '../weights/variables';

export interface ProbeOptions {
  /** C, at least 2 */
  readonly classes: number;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
}

/**
 * A linear classifier on the frozen features of a model (`SimVlm.features`, of width W): logits = ((x − mean) · scale) · weight + bias.
 *
 * Parameters: `probe.mean` [W] and `probe.scale` [W], which are not trained (`standardise`), `probe.weight` [W, C], truncated normal of deviation 0.02,
 * and `probe.bias` [C], zeros. The model is the caller's.
 */
export class ProbeHead {
  readonly classes: number;
  /** W */
  readonly width: number;
  /** The caller's. */
  readonly model: SimVlm;
  readonly params: ParameterTree<tf.Variable>;
  readonly #mean: tf.Tensor;
  readonly #scale: tf.Tensor;
  readonly #map: (x: tf.Tensor) => tf.Tensor;

  /** @throws ConfigError for options that make no probe */
  constructor(model: SimVlm, options: ProbeOptions) {
    checkOptions('probe', options, { classes: rule.integer(2, 10_000_000), seed: rule.integer(0) });
    const { classes, seed = 0 } = options;
    if (classes === undefined) throw new ConfigError('CONFIG_INVALID', 'probe: "classes" is missing');
    this.model = model;
    this.classes = classes;
    this.width = model.network.imageWidth;
    this.params = new ParameterTree();
    const scope = variableScope(this.params, Random.fromSeed(seed).fork('weights')).scope('probe');
    this.#mean = scope.param('mean', [this.width], { kind: 'zeros' });
    this.#scale = scope.param('scale', [this.width], { kind: 'ones' });
    const init = { kind: 'truncated-normal', std: 0.02 } as const;
    this.#map = linearMap(scope, { inputs: this.width, outputs: classes, init });
  }

  /** `probe.weight` and `probe.bias`. */
  get trainable(): ParameterTree<tf.Variable> {
    return this.params.filter(name => name === 'probe.weight' || name === 'probe.bias');
  }

  /**
   * Says how features become standard ones: x → (x − mean) · scale.
   *
   * @param means `[W]`
   * @param scales `[W]`
   */
  standardise(means: ArrayLike<number>, scales: ArrayLike<number>): void {
    assignNumbers(this.params.get('probe.mean'), Float32Array.from(means));
    assignNumbers(this.params.get('probe.scale'), Float32Array.from(scales));
  }

  /** Logits `[B, C]` of features `[B, W]`, differentiable by the weights. They belong to the tidy around the call. */
  logits(features: tf.Tensor): tf.Tensor2D {
    return this.#map(tf.mul(tf.sub(features, this.#mean), this.#scale)) as tf.Tensor2D;
  }

  /** The likeliest class of each row of features `float32[B, W]`, of equal ones the first. */
  async predict(features: Float32Array): Promise<Int32Array> {
    const rows = features.length / this.width;
    if (!Number.isInteger(rows) || rows === 0)
      throw new ShapeError(
        `probe: features must be float32[B, ${this.width}] of one row or more, got ${features.length} numbers`,
      );
    const best = tf.tidy(() => tf.argMax(this.logits(tf.tensor2d(features, [rows, this.width])), 1));
    const classes = Int32Array.from(await best.data());
    best.dispose();
    return classes;
  }

  /** Frees its own weights; those of the model stay. */
  dispose(): void {
    tf.dispose(this.params.values());
  }
}
