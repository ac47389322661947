import { readSafetensors, writeSafetensors } from '@simvlm/checkpoint';
import {
  CheckpointError,
  ConfigError,
  checkOptions,
  type FedTensors,
  type Feeds,
  ParameterTree,
  type PrefixLmBatch,
  Random,
  rule,
} from '@simvlm/core';
import { embedding, linearMap, upload } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelInput } from '../input';
import { drops, type LossOptions, type SimVlm, type TrainingOptions } from '../simvlm';
import { assignValues, valuesOf } from '../weights/assign';
import { variableScope } from '../weights/variables';
import { type ClassifierInput, type ClassifierPlace, passArrays } from './classifier-input';
import { type ClassifierTarget, targetArray, targetLoss } from './classifier-target';

export interface ClassifierOptions {
  /** C, at least 2; a number has none. */
  readonly classes?: number;
  /** Default `class`. */
  readonly target?: ClassifierTarget;
  /** Passes through the model whose outputs are joined: 2 for NLVR2, one for each of its two images. Default 1. */
  readonly passes?: number;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
}

/** What a head is: the content of `classifier.json`. */
export type ClassifierDescription = {
  readonly classes: number;
  readonly passes: number;
  /** Absent: `class`. */
  readonly target?: ClassifierTarget;
};

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
 * A prefix, such as the premise of a pair of sentences, is read before it: by the encoder, or as the beginning of the decoder's text. Where all
 * text is prefix, the output is that at the start token, or in a model whose decoder reads the prefix at the last token.
 *
 * Parameters: `head.weight` [passes · D, C], truncated normal of deviation 0.02, and `head.bias` [C], zeros. The model is the caller's.
 */
export class ClassifierHead {
  /** C; 1 of a number. */
  readonly classes: number;
  readonly target: ClassifierTarget;
  readonly passes: number;
  /** Its own weights, for training on frozen features: `head.weight`, `head.bias`. */
  readonly params: ParameterTree<tf.Variable>;
  /** The caller's. */
  readonly model: SimVlm;
  readonly #map: (x: tf.Tensor) => tf.Tensor;

  /** @throws ConfigError for options that make no classifier */
  constructor(model: SimVlm, options: ClassifierOptions) {
    checkOptions('classifier', options, {
      classes: rule.integer(2, 10_000_000),
      target: rule.oneOf('class', 'scores', 'number'),
      passes: rule.integer(1, 1000),
      seed: rule.integer(0),
    });
    const { target = 'class', passes = 1, seed = 0 } = options;
    const classes = classesOf(target, options.classes);
    this.model = model;
    this.classes = classes;
    this.target = target;
    this.passes = passes;
    this.params = new ParameterTree();
    const scope = variableScope(this.params, Random.fromSeed(seed).fork('weights'));
    this.#map = linearMap(scope.scope('head'), {
      inputs: passes * model.config.width,
      outputs: classes,
      init: { kind: 'truncated-normal', std: 0.02 },
    });
  }

  /** What is read: the parameters of the model but for a head of its own, whose place this takes, and of the classifier. */
  get read(): ParameterTree<tf.Variable> {
    return this.#withOwn(this.model.params);
  }

  /** What fine-tuning changes: all of it that the model has to train, and the classifier; alone beside weights of integers without adapters. */
  get trainable(): ParameterTree<tf.Variable> {
    const { weights, lora } = this.model.config;
    return weights && !lora ? this.params : this.#withOwn(this.model.trainable);
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
    const { random } = options;
    return tf.tidy(() => {
      const input = { ...(tokens && { tokens }), ...(random && drops(options) && { random }) };
      return this.#logitsOf(upload(this.inputArrays(listOf(batches), input)), options);
    });
  }

  /**
   * The mean loss of the rows: a scalar, differentiable by the weights of model and head; the caller disposes it.
   *
   * @param labels `[B]` classes in [0, C), `[B · C]` scores from 0 to 1, or `[B]` numbers: see `ClassifierTarget`
   * @throws ShapeError as `logits`, and for labels that do not fit
   */
  loss(
    batches: PrefixLmBatch | readonly PrefixLmBatch[],
    labels: ArrayLike<number>,
    { tokens, labelSmoothing = 0, ...options }: LossOptions & ClassifierPlace = {},
  ): tf.Scalar {
    const { random } = options;
    const input = { labels, ...(tokens && { tokens }), ...(random && drops(options) && { random }) };
    return tf.tidy(() => {
      const feeds = upload(this.inputArrays(listOf(batches), input));
      return tf.div(
        this.lossOf(feeds, { labelSmoothing, ...options }),
        listOf(batches)[0]!.size,
      ) as tf.Scalar;
    });
  }

  /**
   * The numbers of rows as `lossOf` reads them.
   *
   * @throws ShapeError when batches, rows, tokens or labels do not fit
   */
  inputArrays(
    batches: readonly PrefixLmBatch[],
    {
      labels,
      ...input
    }: ClassifierInput & {
      /** As `loss` takes them; for `lossOf`. */
      readonly labels?: ArrayLike<number>;
    } = {},
  ): Feeds {
    const arrays = passArrays(batches, this.passes, this.model.config, input);
    return labels ? { ...arrays, labels: targetArray(labels, batches[0]!.size, this) } : arrays;
  }

  /**
   * The sum of the losses of rows that are on the device already: what `loss` is the mean of. It reads and uploads nothing, so that
   * it can be captured.
   *
   * @returns a scalar, differentiable by the weights of model and head; the caller disposes it
   */
  lossOf(feeds: FedTensors<tf.Tensor>, { labelSmoothing = 0, ...options }: LossOptions = {}): tf.Scalar {
    return tf.tidy(() =>
      targetLoss(this.#logitsOf(feeds, options), feeds.labels!, this.target, labelSmoothing),
    );
  }

  /** The likeliest class of each row, of equal ones the first; or its number. */
  async predict(
    batches: PrefixLmBatch | readonly PrefixLmBatch[],
    place: ClassifierPlace = {},
  ): Promise<Int32Array | Float32Array> {
    const said = tf.tidy(() => {
      const logits = this.logits(batches, place);
      return this.target === 'number' ? tf.reshape(logits, [-1]) : tf.argMax(logits, 1);
    });
    const values = await said.data();
    said.dispose();
    return this.target === 'number' ? Float32Array.from(values) : Int32Array.from(values);
  }

  /** What the head is, as checkpoints have it. */
  get description(): ClassifierDescription {
    const { classes, passes, target } = this;
    return { classes, passes, ...(target !== 'class' && { target }) };
  }

  /** The head alone as a safetensors file; the model has its own. */
  async save(): Promise<Uint8Array> {
    const metadata = { format: 'simvlm-classifier', classifier: JSON.stringify(this.description) };
    return writeSafetensors(await valuesOf(this.params), metadata);
  }

  /**
   * Takes the weights of a file that `save` made. All or nothing.
   *
   * @throws CheckpointError when the file is damaged, or of another head
   */
  load(bytes: Uint8Array): void {
    const { tensors, metadata } = readSafetensors(bytes);
    const own = JSON.stringify(this.description);
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

  #withOwn(params: ParameterTree<tf.Variable>): ParameterTree<tf.Variable> {
    return ParameterTree.from([...params.filter(name => !name.startsWith('head.')), ...this.params]);
  }

  /** Logits `[B, C]` of rows on the device. They belong to the tidy around the call. */
  #logitsOf(feeds: FedTensors<tf.Tensor>, options: TrainingOptions): tf.Tensor2D {
    const outputs = Array.from({ length: this.passes }, (_, pass) => {
      const hidden = this.model.hidden(inputOf(feeds, pass), options);
      const [B, L, D] = hidden.shape;
      // [B, D]: the decoder's output at one place of each row.
      return embedding(tf.reshape(hidden, [B * L, D]), feeds[`${pass}.places`]!);
    });
    return this.#map(outputs.length === 1 ? outputs[0]! : tf.concat(outputs, 1)) as tf.Tensor2D;
  }
}

/** @throws ConfigError unless classes have a number, and a number has none */
function classesOf(target: ClassifierTarget, classes: number | undefined): number {
  if (target === 'number' && classes !== undefined)
    throw new ConfigError('CONFIG_INVALID', 'classifier: the target number has no "classes": leave them out');
  if (target === 'number') return 1;
  if (classes === undefined) throw new ConfigError('CONFIG_INVALID', 'classifier: "classes" is missing');
  return classes;
}

function listOf(batches: PrefixLmBatch | readonly PrefixLmBatch[]): readonly PrefixLmBatch[] {
  return 'tokens' in batches ? [batches] : batches;
}

/** What one pass reads. */
function inputOf(feeds: FedTensors<tf.Tensor>, pass: number): ModelInput {
  const prefix = `${pass}.`;
  const own = Object.entries(feeds).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(
    own.map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  ) as unknown as ModelInput;
}
