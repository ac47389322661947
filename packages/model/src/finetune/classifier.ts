import { readSafetensors, writeSafetensors } from '@simvlm/checkpoint';
import {
  CheckpointError,
  ConfigError,
  checkOptions,
  ParameterTree,
  type PrefixLmBatch,
  Random,
  rule,
  ShapeError,
} from '@simvlm/core';
import { crossEntropy, embedding, linearMap } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { inputArrays, upload } from '../input';
import { layout } from '../layout';
import { drops, type LossOptions, type SimVlm, type TrainingOptions } from '../simvlm';
import { assignValues, valuesOf } from '../weights/assign';
import { variableScope } from '../weights/variables';

export interface ClassifierOptions {
  /** C, at least 2 */
  readonly classes: number;
  /** Passes through the model whose outputs are joined: 2 for NLVR2, one for each of its two images. Default 1. */
  readonly passes?: number;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
}

/** Where the decoder's output is taken. */
export interface ClassifierPlace {
  /** For each row the number of a text token, behind the prefix and before the end token: default the last of them. */
  readonly tokens?: Int32Array;
}

/**
 * A linear classifier on the decoder's output at one token: how the paper fine-tunes for VQA (the last token of the question, 3,129 answers),
 * NLVR2 and SNLI-VE. The question, or the hypothesis, is a text without prefix, which the decoder reads; the output at its last token has
 * seen image and text.
 *
 * ```
 * text  is it red ? <eos>          decoder reads   <bos>  is  it  red   ?
 * prefix 0                         classified                          ■
 * ```
 *
 * Parameters: `head.weight` [passes · D, C], truncated normal of deviation 0.02, and `head.bias` [C], zeros. The model is the caller's.
 */
export class ClassifierHead {
  readonly classes: number;
  readonly passes: number;
  /** Its own weights, for training on frozen features: `head.weight`, `head.bias`. */
  readonly params: ParameterTree<tf.Variable>;
  readonly #model: SimVlm;
  readonly #map: (x: tf.Tensor) => tf.Tensor;

  /** @throws ConfigError for options that make no classifier */
  constructor(model: SimVlm, options: ClassifierOptions) {
    checkOptions('classifier', options, {
      classes: rule.integer(2, 10_000_000),
      passes: rule.integer(1, 1000),
      seed: rule.integer(0),
    });
    if (options.classes === undefined)
      throw new ConfigError('CONFIG_INVALID', 'classifier: "classes" is missing');
    const { classes, passes = 1, seed = 0 } = options;
    this.#model = model;
    this.classes = classes;
    this.passes = passes;
    this.params = new ParameterTree();
    const scope = variableScope(this.params, Random.fromSeed(seed).fork('weights'));
    this.#map = linearMap(scope.scope('head'), {
      inputs: passes * model.config.width,
      outputs: classes,
      init: { kind: 'truncated-normal', std: 0.02 },
    });
  }

  /** What fine-tuning changes: all that the model has to train, and the head. */
  get trainable(): ParameterTree<tf.Variable> {
    return ParameterTree.from([...this.#model.trainable, ...this.params]);
  }

  /**
   * Logits `float32[B, C]`, differentiable by the weights of model and head; the caller disposes them.
   *
   * @param batches the rows, or for each pass the same number of rows
   * @throws ShapeError when batches, rows or tokens do not fit
   */
  logits(
    batches: PrefixLmBatch | readonly PrefixLmBatch[],
    { tokens, ...options }: TrainingOptions & ClassifierPlace = {},
  ): tf.Tensor2D {
    const list = 'tokens' in batches ? [batches] : batches;
    const rows = list[0]?.size;
    if (list.length !== this.passes || list.some(({ size }) => size !== rows))
      throw new ShapeError(
        `classifier: ${this.passes} batches of equally many rows are needed, got ${list.map(({ size }) => size).join(', ') || 'none'}`,
      );
    return tf.tidy(() => {
      const outputs = list.map((batch, pass) => {
        const random = drops(options) ? options.random?.fork(pass) : undefined;
        return this.#output(batch, tokens, { ...options, ...(random && { random }) });
      });
      return this.#map(outputs.length === 1 ? outputs[0]! : tf.concat(outputs, 1)) as tf.Tensor2D;
    });
  }

  /**
   * Mean cross-entropy over the rows, in nats: a scalar, differentiable by the weights of model and head; the caller disposes it.
   *
   * @param labels `[B]`, each in [0, C)
   * @throws ShapeError as `logits`, and for labels that do not fit
   */
  loss(
    batches: PrefixLmBatch | readonly PrefixLmBatch[],
    labels: ArrayLike<number>,
    { labelSmoothing = 0, ...options }: LossOptions & ClassifierPlace = {},
  ): tf.Scalar {
    return tf.tidy(() => {
      const logits = this.logits(batches, options);
      const B = logits.shape[0];
      const wrong = Array.from(labels).find(
        label => !Number.isInteger(label) || label < 0 || label >= this.classes,
      );
      if (labels.length !== B || wrong !== undefined)
        throw new ShapeError(
          `classifier: ${B} rows need as many labels from 0 to ${this.classes - 1}, got ${labels.length}${wrong === undefined ? '' : `, ${wrong} among them`}`,
        );
      const ids = tf.tensor1d(Int32Array.from(labels), 'int32');
      return crossEntropy(logits, ids, tf.ones([B]), { labelSmoothing }).mean() as tf.Scalar;
    });
  }

  /** The likeliest class of each row, of equal ones the first. */
  async predict(
    batches: PrefixLmBatch | readonly PrefixLmBatch[],
    place: ClassifierPlace = {},
  ): Promise<Int32Array> {
    const best = tf.tidy(() => this.logits(batches, place).argMax(1));
    const classes = Int32Array.from(await best.data());
    best.dispose();
    return classes;
  }

  /** The head alone as a safetensors file; the model has its own. */
  async save(): Promise<Uint8Array> {
    const { classes, passes } = this;
    const metadata = { format: 'simvlm-classifier', classifier: JSON.stringify({ classes, passes }) };
    return writeSafetensors(await valuesOf(this.params), metadata);
  }

  /**
   * Takes the weights of a file that `save` made. All or nothing.
   *
   * @throws CheckpointError when the file is damaged, or of another head
   */
  load(bytes: Uint8Array): void {
    const { tensors, metadata } = readSafetensors(bytes);
    const own = JSON.stringify({ classes: this.classes, passes: this.passes });
    if (metadata.classifier !== own)
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `classifier: the file has ${metadata.classifier ?? 'none'}, this head is ${own}`,
      );
    assignValues(this.params, tensors, 'classifier');
  }

  /** Frees the head's weights; those of the model stay. */
  dispose(): void {
    tf.dispose(this.params.values());
  }

  /** `[B, D]`: the decoder's output at one place of each row. */
  #output(batch: PrefixLmBatch, tokens: Int32Array | undefined, options: TrainingOptions): tf.Tensor {
    const { config } = this.#model;
    const plan = layout(batch, config);
    const places = placesOf(batch, tokens, config.architecture === 'encoder-decoder');
    const hidden = this.#model.hidden(upload(inputArrays(plan, batch, options.random)), options);
    const ids = places.map((place, row) => row * plan.length + place);
    return embedding(hidden.reshape([batch.size * plan.length, config.width]), tf.tensor1d(ids, 'int32'));
  }
}

/** The places of the decoder that read the tokens. What it reads first is the start token. */
function placesOf(
  { size, prefixLengths, textLengths }: PrefixLmBatch,
  tokens: Int32Array | undefined,
  behindPrefix: boolean,
): Int32Array {
  if (tokens && tokens.length !== size)
    throw new ShapeError(`classifier: ${size} rows need as many tokens, got ${tokens.length}`);
  return Int32Array.from({ length: size }, (_, row) => {
    const from = behindPrefix ? prefixLengths[row]! : 0;
    // Without a token of its own (all of the text is prefix) the row has the start token, at place 0.
    const last = textLengths[row]! - 2;
    const token = tokens?.[row] ?? last;
    if (tokens && (token < from || token > last))
      throw new ShapeError(
        `classifier: row ${row} has text tokens ${from} to ${last} in the decoder, and not ${token}`,
      );
    return token - from + 1;
  });
}
