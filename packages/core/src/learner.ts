/**
 * The learning seam: what a trainer knows of what it trains. Types only.
 *
 * Legend: `B` a batch, whatever it holds; `T` tensors and `V` variables of the library in use, which this package does not know.
 */
import type { EvaluationResult, JsonValue, TensorLike, Tokenizer } from './contracts';
import type { ParameterTree } from './parameter-tree';
import type { Random } from './random';

/** The numbers of one tensor, in main memory. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly values: Int32Array | Float32Array;
}

/** The numbers that a batch gives the device, by name. */
export type Feeds = Readonly<Record<string, HostArray>>;

/** The same on the device. */
export type FedTensors<T = TensorLike> = Readonly<Record<string, T>>;

export interface FeedOptions {
  /** As short as the batch allows, or always of one shape, so that a recorded step can be replayed. */
  readonly padding: 'short' | 'full';
  /** What the rows draw from, where something is dropped at random; absent when the batch is evaluated. */
  readonly random?: Random;
}

/**
 * Something that can be trained: parameters, and the loss of a batch. The trainer knows nothing else of the model, nor of what is in a batch;
 * in return it gives every learner exact resume, accumulation, weight averaging, several processes, recorded steps, validation and early stopping.
 *
 * A step's loss is Σ `loss` / Σ `count` over its batches.
 */
export interface Learner<B = unknown, T extends TensorLike = TensorLike, V = T> {
  /** Names the kind in messages and checkpoints: `prefix-lm`, `classifier`. */
  readonly kind: string;
  /** Every parameter by its dotted name, in a fixed order: the weights of a checkpoint. */
  readonly params: ParameterTree<V>;
  /** Those that training may change. */
  readonly trainable: ParameterTree<V>;
  /** What the weights are weights of: a checkpoint of another identity is refused, and so is another process with one. */
  readonly identity: JsonValue;
  /** How it is trained, such as its rates of dropout: checkpoints record it, and several processes must agree on it. */
  readonly options?: JsonValue;
  /** Blocks between a parameter and the output, for layer-wise decay of the learning rate; default: 0 for all. */
  readonly blocksAbove?: (name: string) => number;
  /** Files of its own in every checkpoint, by name, such as the model's configuration. */
  readonly files?: () => ReadonlyMap<string, Uint8Array>;

  /** Rows of a batch. */
  rows(batch: B): number;
  /** How many losses the sum of a batch has: tokens of a language model, rows of a classifier. */
  count(batch: B): number;
  /** The batch with each row's image replaced by another row's; undefined when there is nothing to exchange. */
  exchangeImages?(batch: B): B | undefined;

  /** The numbers of a batch that `loss` reads. @throws ShapeError when the batch does not fit */
  feeds(batch: B, options: FeedOptions): Feeds;
  /**
   * The sum of the losses of a batch: a scalar, differentiable by the parameters. It reads and uploads nothing else than constants, so that
   * it can be recorded.
   *
   * @param training whether what belongs to training alone (dropout, label smoothing) applies
   */
  loss(feeds: FedTensors<T>, training: boolean): T;
}

/** A metric to choose by, as evaluators name it: `val/loss`. */
export interface Metric {
  readonly name: string;
  readonly better: 'lower' | 'higher';
}

/** One training step, as logged. */
export interface StepMetrics {
  readonly step: number;
  /** Mean loss, in nats. */
  readonly loss: number;
  readonly learningRate: number;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: number;
  /** Losses that the mean is of: `Learner.count`, of all processes together. */
  readonly count: number;
  /** Rows of the step, of all processes together. */
  readonly rows: number;
  /** Seconds of the step in which the trainer waited for its batches; of several processes, those of the one that waited longest. */
  readonly waited: number;
  /** Rows a second, over this step. */
  readonly rowsPerSecond: number;
  /** Seconds trained so far. */
  readonly seconds: number;
  /** All steps of the run; null while a time-budgeted run measures its first steps, later an estimate. */
  readonly totalSteps: number | null;
}

/** What happens during training. Each hook may be asynchronous; the trainer waits, and its time does not count. */
export interface TrainCallback {
  onStep?(metrics: StepMetrics): void | Promise<void>;
  /** The results of evaluators after a step, by metric. */
  onEvaluation?(step: number, results: EvaluationResult): void | Promise<void>;
  /** A checkpoint is about to be written: what belongs to the steps before it goes to the disk first. */
  beforeCheckpoint?(step: number): void | Promise<void>;
  onCheckpoint?(step: number): void | Promise<void>;
  /** Training goes on from the state after an earlier step: what was logged of later ones no longer holds. */
  onRollback?(step: number): void | Promise<void>;
  /** Something went wrong that training survives: a checkpoint that could not be written, a loss that has risen far. */
  onWarning?(error: Error): void | Promise<void>;
}

/** What a callback is told of the run that it belongs to. */
// biome-ignore lint/suspicious/noExplicitAny: a callback writes its model's class here without a cast
export interface CallbackContext<M = any> {
  readonly model: M;
  readonly tokenizer: Tokenizer;
}

/** Makes a callback out of its options and the run. */
export type CallbackFactory = (
  options: Readonly<Record<string, JsonValue>>,
  context: CallbackContext,
) => TrainCallback | Promise<TrainCallback>;
