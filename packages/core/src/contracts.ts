/**
 * The contracts that the packages of SimVLM share. Types only: nothing here runs.
 *
 * Legend of shapes: `B` batch, `T` text tokens, `N` image tokens, `S` image side in pixels,
 * `D` model width, `V` vocabulary size.
 */

/** A value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** The four special tokens. Of those that a model trains with, pad, bos and eos differ; a published tokenizer may have one token for several. */
export interface SpecialTokens {
  readonly pad: number;
  readonly bos: number;
  readonly eos: number;
  readonly unk: number;
}

/** Text to token ids and back. `encode` adds no special tokens; `decode` skips them. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly special: SpecialTokens;
  /** Ids of the sentinels `<extra_id_0>`, `<extra_id_1>`, … that stand for what span corruption takes out; absent or empty: there are none. */
  readonly sentinels?: readonly number[];
  encode(text: string): Int32Array;
  decode(ids: ArrayLike<number>): string;
}

/** An 8-bit RGB picture: `data` is row-major HWC, `width × height × 3` bytes. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One training or evaluation example. Without `image` it is a text-only document. */
export interface Example {
  readonly id: string;
  readonly text: string;
  /** Where people wrote several texts of the same picture: all of them, `text` included. For evaluation. */
  readonly references?: readonly string[];
  readonly image?: RgbImage;
  /** All pictures of an example that has several; `image` is the first. */
  readonly images?: readonly RgbImage[];
  /** What else its source says of it, such as `label`, `question` or `answer`. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
}

/** An example without its pictures. */
export type ExampleOutline = Omit<Example, 'image' | 'images'>;

/** Examples with random access. `get` may read and decode a file; it throws `DataError` or `ImageError`. */
export interface ExampleDataset {
  readonly length: number;
  get(index: number): Example | Promise<Example>;
  /** An example without its images, which are not read; absent where that costs as much as `get`. */
  outline?(index: number): ExampleOutline;
}

/**
 * Rows of one kind (all with an image, or all without), collated into static shapes.
 *
 * A text of `n` pieces has `textLengths = n + 1` tokens: the pieces, then the end token; after that comes
 * padding. The first `prefixLengths[b]` text tokens (0 ≤ prefix < textLengths[b]) belong to the prefix, as
 * the image always does; the loss is on tokens `prefixLengths[b] … textLengths[b] − 1`.
 */
export interface PrefixLmBatch {
  /** B, the number of rows. */
  readonly size: number;
  /** T, the padded number of text tokens. */
  readonly length: number;
  /** `int32[B, T]`, row-major. */
  readonly tokens: Int32Array;
  /** `int32[B]`. */
  readonly prefixLengths: Int32Array;
  /** `int32[B]`, end token included. */
  readonly textLengths: Int32Array;
  /** `uint8[B, S, S, 3]`, row-major; absent for text-only rows. */
  readonly images?: { readonly side: number; readonly pixels: Uint8Array };
  /** The id of the example in each row. */
  readonly ids: readonly string[];
}

/** Samples that could not be used; `SkipLog` makes it. */
export interface SkipReport {
  /** Distinct samples. */
  readonly count: number;
  /** How often one of them came up: training draws a sample once an epoch. At least `count`. */
  readonly draws: number;
  /** Why, a line for each of the first 20 samples. */
  readonly reasons: readonly string[];
}

/** One of `size` readers that share a source: each sample is read by exactly one of them. */
export interface Share {
  /** 0 ≤ rank < size. */
  readonly rank: number;
  /** At least 1. */
  readonly size: number;
}

/**
 * What the trainer reads: for each step its batches, such as one per kind of row (image-text, text-only). The loss of a
 * step is the mean over the losses of all of them, and of those of all processes.
 */
export interface BatchSource<B = PrefixLmBatch> {
  /** Which process's rows come here; of several processes each needs its own. Absent: all rows. */
  readonly share?: Share;
  /** Steps that make an epoch, to the nearest whole one above; absent where the data have no end. */
  readonly stepsPerEpoch?: number;
  /** Tells these data from others: the processes of a run compare it. */
  readonly identity?: string;
  next(): Promise<readonly B[]>;
  /** Where the source is: after the batch that `next()` returned last, whatever was prefetched. */
  state(): JsonValue;
  /**
   * Goes on from there, also while `next()` is at work: what that makes is dropped.
   *
   * @param states what `state()` said in each process of the run that is resumed, by rank
   */
  restore(states: readonly JsonValue[]): void;
  skipped(): SkipReport;
  /** Ends what works ahead, such as worker threads. */
  close?(): Promise<void>;
}

/** The part of a tensor that contracts need; a `tf.Tensor` is one. */
export interface TensorLike {
  readonly shape: number[];
  readonly dtype: string;
  dispose(): void;
}

/** How tensors are added up over processes. */
export interface AllReduceOptions {
  /**
   * What float32 numbers are rounded to on their way, and added up as; default `float32`. With bfloat16, half the bytes travel, and a sum
   * of n numbers is off by at most ((1 + 2⁻⁸)ⁿ − 1) · Σ|x|: each is rounded once, and at most n − 1 times as part of a sum.
   */
  readonly precision?: 'float32' | 'bfloat16';
}

/**
 * Processes that train one model together, each with a part of every batch (PyTorch's process group, MPI's communicator). All of
 * them ask for the same collectives, of tensors of the same shapes and types, in the same order. One may be asked for while others are on
 * their way; what is given is read before the call returns.
 *
 * Each method rejects with a BackendError when a process has ended, or does not come within the group's timeout; the group is of no
 * use after that.
 */
export interface ProcessGroup<T = TensorLike> {
  /** Which process this one is: 0 ≤ rank < size. Process 0 is the one that writes. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /**
   * The sums of tensors over all processes, elementwise, the same bits in each. The caller disposes what is given and what comes back.
   *
   * @param tensors `float32` or `int32`, of any shapes; many in one call are faster than many calls
   * @param options how they travel
   */
  allReduce(tensors: readonly T[], options?: AllReduceOptions): Promise<T[]>;
  /** The tensors of process `from` (default 0), in each; the other processes give tensors of the same shapes and types. */
  broadcast(tensors: readonly T[], from?: number): Promise<T[]>;
  /** Resolves when every process has come as far. */
  barrier(): Promise<void>;
  /** Leaves the group: whatever the others still wait for fails there, soon. */
  dispose(): void;
}

/** How a parameter starts. Standard deviations are those of the distribution before truncation at ±2σ. */
export type Initializer =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'truncated-normal'; readonly std: number };

/** A path of low rank beside a linear map (LoRA; Hu et al., 2021, section 4.1): y = x · W + scale · (x · a) · b. */
export interface LowRank<P = TensorLike> {
  /** `[inputs, rank]` */
  readonly a: P;
  /** `[rank, outputs]` */
  readonly b: P;
  readonly scale: number;
}

/** What a parameter is made of. */
export type ParameterDtype = 'float32' | 'int32';

/** The axes of a matrix of float32: a linear map has inputs first, a table of rows outputs. */
export type MatrixLayout = 'inputs-first' | 'outputs-first';

/** How the numbers of a matrix are stored: symmetric integers of `bits` bits, with one scale for each `group` of inputs of an output. */
export interface Quantization {
  readonly bits: 8 | 4;
  /** How many inputs share a scale: all of them, or a multiple of 32. */
  readonly group: number;
}

/**
 * A matrix of `O` outputs by `I` inputs as integers: number (o, i) is `q · scale`, with `⌊i / group⌋` its group.
 *
 * ```
 * bits    q                      in an int32 word of `packed`, the first number in the lowest bits
 * 8       −127 … 127             four, as two's complement
 * 4       −8 … 7                 eight, each as q + 8
 * ```
 */
export interface QuantizedMatrix<P = TensorLike> extends Quantization {
  /** `int32[O, ⌈I · bits / 32⌉]`; bits after the last number of a row are 0. */
  readonly packed: P;
  /** `float32[O, ⌈I / group⌉]` */
  readonly scales: P;
  /** I */
  readonly inputs: number;
}

/**
 * Declares parameters under dotted names: `scope('encoder').param('norm.gamma', [D], …)` makes
 * `encoder.norm.gamma`. Each parameter's values depend on the seed and on its full name only, so that adding
 * one never changes another.
 */
export interface ParameterScope<P = TensorLike> {
  /** @param dtype default float32; int32 words hold what is no number by itself, and begin with zeros */
  param(name: string, shape: readonly number[], init: Initializer, dtype?: ParameterDtype): P;
  scope(name: string): ParameterScope<P>;
  /** Declares the path beside the linear map whose weights this scope holds, where the model is to have one there. */
  lowRank?(inputs: number, outputs: number): LowRank<P> | undefined;
  /**
   * Declares a matrix as integers, `name` and `name.scale`, where the model is to have it so; elsewhere the module declares its parameter
   * `name` itself, with the axes of `layout`.
   */
  quantized?(
    name: string,
    extents: { readonly outputs: number; readonly inputs: number },
    layout: MatrixLayout,
  ): QuantizedMatrix<P> | undefined;
}

/** What training leaves of a branch of a patcher's residual block. */
export type BranchDrop<T = TensorLike> = (branch: T, index: number, branchName?: string) => T;

/** How a block of a patcher is computed. `f` gives the same each time it is called with the same, and closes over `params` alone. */
export type BlockPass<T = TensorLike> = (
  f: (x: T, drop?: BranchDrop<T>) => T,
  x: T,
  params: readonly T[],
) => T;

/** Pixels to tokens. The caller owns the result of `patch` and disposes it. */
export interface Patcher<T = TensorLike> {
  /** Rows and columns of the token grid. */
  readonly grid: { readonly height: number; readonly width: number };
  /** Tokens before those of the grid, such as a class token; default 0. N = extraTokens + height × width. */
  readonly extraTokens?: number;
  /** Width of the tokens, where it is not the one asked for (D): a model whose decoder reads them by cross-attention takes any. */
  readonly width?: number;
  /** Residual blocks that training may leave out at random (stochastic depth); default 0: it has none. */
  readonly residualBlocks?: number;
  /**
   * `float32[B, S, S, 3]`, scaled as the model says (default: to [−1, 1]) → `float32[B, N, D]`: the extra tokens, then the grid row by row.
   *
   * @param drop training: what is left of the branch `[B, …]` of residual block `index`, before it is added to its shortcut; a block of several
   *   branches names each
   * @param block training: how a Transformer block of the patcher is computed, `f(x, drop)`, of which it may be that nothing is kept for the
   *   backward pass; `params` are all that `f` reads. Default: as it is
   */
  patch(images: T, drop?: BranchDrop<T>, block?: BlockPass<T>): T;
}

/** Makes a patcher for images of side `imageSize` (pixels) and tokens of width `width` (D). */
export type PatcherFactory<T = TensorLike, P = TensorLike> = (
  options: Readonly<Record<string, JsonValue>>,
  context: { readonly imageSize: number; readonly width: number; readonly params: ParameterScope<P> },
) => Patcher<T>;

/** Draws the prefix length, in text tokens, of one example: an integer in [0, textLength). */
export type PrefixSampler = (
  random: import('./random').Random,
  example: { readonly textLength: number; readonly hasImage: boolean },
) => number;

/** What a training example reads of a text, and what it predicts. */
export interface PrefixedText {
  /** The tokens of the prefix, then those to predict. */
  readonly tokens: Int32Array;
  /** Tokens in the prefix: 0 ≤ prefixLength < tokens.length. */
  readonly prefixLength: number;
}

/**
 * What is learnt from a text: splits it into prefix and target, or rewrites it as both, once per example and step.
 *
 * @param example.tokens the tokens of the text, the end token included; not to be changed
 * @returns at most as many tokens as the `maxTextLength` of the objective's context
 */
export type Objective = (
  random: import('./random').Random,
  example: { readonly tokens: Int32Array; readonly hasImage: boolean },
) => PrefixedText;

/** Makes an objective for texts of one tokenizer, of at most `maxTextLength` tokens with the end token. */
export type ObjectiveFactory = (
  options: Readonly<Record<string, JsonValue>>,
  context: { readonly tokenizer: Tokenizer; readonly maxTextLength: number },
) => Objective;

/** The outcome of an evaluator: named numbers, printed and logged as they are. */
export type EvaluationResult = Readonly<Record<string, number>>;
