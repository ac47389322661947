/**
 * What a model is trained for, and what is measured of it. Types only.
 */
import type {
  BatchSource,
  EvaluationResult,
  Example,
  ExampleDataset,
  ExampleOutline,
  JsonValue,
  Objective,
  Share,
  SkipReport,
  TensorLike,
  Tokenizer,
} from './contracts';
import type { Learner, Metric } from './learner';
import type { Random } from './random';

/** What a model says of an example, and what would be right. */
export interface Answer {
  readonly id: string;
  readonly text: string;
  /** Each of them is right; at least one. */
  readonly truths: readonly string[];
}

export interface AnswerOptions {
  /** At most so many examples, from the first on. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * What a model says of the examples of a data set, in their order: captions, labels, answers. Those that cannot be used are left out and
 * reported.
 */
export type Answerer = (data: ExampleDataset, options?: AnswerOptions) => Promise<Answers>;

export interface Answers {
  readonly answers: readonly Answer[];
  readonly skipped: SkipReport;
  /** What must be known to read them, a sentence each. */
  readonly warnings?: readonly string[];
}

/** What is evaluated. */
// biome-ignore lint/suspicious/noExplicitAny: an evaluator writes its model's class here without a cast
export interface EvaluationSubject<M = any> {
  readonly model: M;
  readonly tokenizer: Tokenizer;
  /** How a task reads what the model says; absent where a model is evaluated by itself. */
  readonly answer?: Answerer;
  /** Text prefix that the model was trained to go on from, picture by picture; it is no part of what the model says. Absent: none. */
  readonly prompt?: string;
  /**
   * Opens other examples that an evaluator compares with, such as the training pictures of a nearest-neighbour classifier; their pictures are
   * square. A source is named as a configuration names one. Absent where nothing can be opened.
   *
   * @throws DataError, ConfigError for a source that cannot be read
   */
  readonly open?: (source: JsonValue) => Promise<ExampleDataset>;
}

/** How an evaluator works. */
export interface EvaluatorContext {
  /** When it aborts, the evaluator rejects with its reason: a part of a result is none. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Asks for 95 % intervals, which cost time: training does without. Default false. */
  readonly intervals?: boolean;
}

/** What an evaluator found. */
export interface Evaluation {
  /** Named numbers; `count` is how many examples they are of. */
  readonly metrics: EvaluationResult;
  /** 95 % intervals over the examples, where asked for, of the metrics that have one. */
  readonly intervals?: Readonly<Record<string, { readonly low: number; readonly high: number }>>;
  /** How a metric was computed (version, tokens, smoothing), by its name. */
  readonly signatures?: Readonly<Record<string, string>>;
  /** What the model said of each example, in their order: what `simvlm eval --predictions` writes, and `simvlm metrics` reads. */
  readonly items?: readonly EvaluatedItem[];
  /** Examples that could not be used. */
  readonly skipped?: SkipReport;
  /** What must be known to read the numbers, a sentence each. */
  readonly warnings?: readonly string[];
}

/** `text` is what the model said; `references`, `answers` or `label` is what would have been right. */
export type EvaluatedItem = { readonly id: string } & Readonly<Record<string, JsonValue>>;

/** Measures a model on a data set. Its numbers are logged under its name: `caption/wordF1`. */
export interface Evaluator {
  (
    subject: EvaluationSubject,
    data: ExampleDataset,
    options: Readonly<Record<string, JsonValue>>,
    context?: EvaluatorContext,
  ): Promise<Evaluation>;
  /** Whether it draws at random with these options, and takes the option `seed`: several seeds give several numbers. Default: it does not. */
  readonly draws?: (options: Readonly<Record<string, JsonValue>>) => boolean;
}

/** A training example whose pictures are decoded, varied and square, with what its other draws come from. */
export interface DrawnExample {
  readonly example: Example;
  /** Belongs to the seed, the epoch and the example alone: what is drawn from it is the same in any number of processes and workers. */
  readonly random: Random;
  /** Of the source that it comes from, where sources differ in it; else the run's. */
  readonly objective?: Objective;
}

/**
 * Training examples in their order, without end, as one of several processes reads them. Examples that cannot be used are passed over and
 * reported.
 */
export interface ExampleStream {
  /** Which part of the examples comes here. */
  readonly share: Share;
  /** Examples in an epoch, of all processes together; absent where it is not known. */
  readonly length?: number;
  /** Tells these data from others: processes compare it, and a resumed run does. */
  readonly identity: string;
  /** @throws DataError for a damaged file, and when more examples than the stated share cannot be used */
  next(): Promise<DrawnExample>;
  /**
   * Says that the example given last cannot be used after all, such as one without the caption that a task needs: it is reported with those
   * that were passed over.
   *
   * @throws the error itself unless it is a DataError or an ImageError; DataError as `next`
   */
  refuse(error: unknown): void;
  /** Behind the example that was given last, whatever was made ahead. */
  state(): JsonValue;
  /** @param states of all processes, by rank: see `SampleOrder.restore` */
  restore(states: readonly JsonValue[]): void;
  skipped(): SkipReport;
  /** Ends what works ahead. */
  close?(): Promise<void>;
}

/** A training example as it is stored: known at once but for its pictures. */
export interface StillExample {
  readonly outline: ExampleOutline;
  /**
   * The whole example: its pictures read, square and not varied.
   *
   * @throws ImageError, DataError for a picture that cannot be used
   */
  open(): Promise<Example>;
}

/** What a task is made of. */
// biome-ignore lint/suspicious/noExplicitAny: a task writes its model's class here without a cast
export interface TaskContext<M = any> {
  readonly model: M;
  readonly tokenizer: Tokenizer;
  /** Every random draw follows from it. */
  readonly seed: number;
  /** Pairs to train on, their pictures square and as large as the model reads; absent when there are none. */
  readonly train?: ExampleStream;
  /** All examples to train on without their pictures, once. */
  readonly outlines: () => AsyncIterable<ExampleOutline>;
  /** The same examples in the same order, for a task that computes something of each picture once. */
  readonly stills: () => AsyncIterable<StillExample>;
  /** Pairs to measure with; their pictures may have any size. */
  readonly val?: ExampleDataset;
  /** Text alone; absent when there is none. */
  readonly documents?: ExampleStream;
  /** Examples of each kind in a step, of all processes together. */
  readonly batch: { readonly imageText: number; readonly textOnly: number };
  readonly objective: Objective;
  readonly regularization: {
    readonly dropout: number;
    readonly stochasticDepth: number;
    readonly labelSmoothing: number;
  };
  /** Computes blocks again in the backward pass instead of keeping what is inside. */
  readonly checkpointBlocks: boolean;
  /** Says before the first step what people should know of the data, a sentence at a time. */
  readonly warn?: (message: string) => void;
  /** A file of the checkpoint that is resumed or evaluated, such as one of the task's learner; absent in a new run. */
  readonly savedFile?: (name: string) => Promise<Uint8Array>;
}

/** A learner with its data: what `train` trains, and how one sees whether that works. */
// biome-ignore lint/suspicious/noExplicitAny: the trainer passes batches through without knowing them
export interface Task<B = any, T extends TensorLike = any, V = any> {
  readonly learner: Learner<B, T, V>;
  readonly batches: BatchSource<B>;
  /** The validation data from beginning to end, the same at each call; absent without any. */
  readonly validation?: () => AsyncIterable<readonly B[]>;
  /** Evaluators that suit it, by name, where the configuration names none. */
  readonly evaluators: readonly string[];
  /** What the best checkpoint is best at, unless the configuration says. */
  readonly metric: Metric;
  /** What the model says of examples, as the task reads it: for `answers` and other evaluators. */
  readonly answer?: Answerer;
  /** Text prefix that the model's captions go on from: see `EvaluationSubject`. */
  readonly prompt?: string;
  /** Frees what the learner made for itself; the model is the caller's. */
  dispose?(): void;
}

/** Makes a task out of its options and what the run has. */
export interface TaskFactory {
  (options: Readonly<Record<string, JsonValue>>, context: TaskContext): Task | Promise<Task>;
  /** What records without a picture are in `data.train` and `data.val`: text-only documents (the default), or examples like the others. */
  readonly pictureless?: 'documents' | 'examples';
  /** Fields of an example with text that the model reads or writes, beside those that every source may have: a vocabulary is learnt from them, too. */
  readonly fields?: (options: Readonly<Record<string, JsonValue>>) => readonly string[];
}
