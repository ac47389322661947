/**
 * What a network offers. Legend, of all files here: `B` rows, `N` image tokens, `P` text-prefix tokens in the encoder, `M` memory, `L` decoder
 * places, `S` image side in pixels, `D` width, `W` width of the patcher's tokens, `V` vocabulary. Every function returns tensors that belong to the
 * tidy around it.
 */
import type { CachePlace, KeysValues } from '@simvlm/attention';
import type * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from '../config';
import type { Drops } from '../finetune/drop';
import type { ModelInput } from '../input';

/** What the decoder reads of the prefix. */
export interface Memory {
  /** Keys and values of `[B, M]` for the cross-attention of each decoder layer. */
  readonly layers: readonly KeysValues[];
  /** `int32[B]`: memory places that exist. */
  readonly lengths: tf.Tensor1D;
}

/** One step of cached decoding: a token a row. */
export interface StepInput {
  /** `int32[B, 1]`, the tokens just chosen (or the first). */
  readonly tokens: tf.Tensor2D;
  /** `int32[B, 1]`, their text positions. */
  readonly textPositions: tf.Tensor2D;
  /** `int32[B]`, their places in the cache. */
  readonly places: tf.Tensor1D;
  /** One a layer. */
  readonly caches: readonly CachePlace['cache'][];
}

/** What the encoder reads: images, text prefixes or both. */
export type EncoderInput = Pick<ModelInput, 'images' | 'prefixTokens' | 'prefixPositions' | 'prefixLengths'>;

/** What the decoder reads. */
export type DecoderInput = Pick<ModelInput, 'inputs' | 'positions' | 'lengths'>;

/** What the one stack of the decoder-only architecture reads. */
export type StackInput = Pick<ModelInput, 'images' | 'prefixLengths'> & DecoderInput;

/** Texts that go on from cached prefixes of one length. */
interface ExtensionInput {
  /** `int32[B, n]` */
  readonly tokens: tf.Tensor2D;
  /** `int32[B, n]`, their text positions. */
  readonly textPositions: tf.Tensor2D;
  /** `int32[B]`: how many of the n tokens exist. */
  readonly lengths: tf.Tensor1D;
  /** Places that the prefix takes in the caches. */
  readonly start: number;
  /** One a layer. */
  readonly caches: readonly CachePlace['cache'][];
}

/** How a forward pass is made. */
export interface PassOptions {
  /** Keeps nothing of the inside of a Transformer block for the backward pass, which computes it once more. Default false. */
  readonly checkpointBlocks?: boolean;
  /** What training drops at random. Default nothing. */
  readonly drops?: Drops;
}

export interface Network {
  /** N */
  readonly imageTokens: number;
  /** Rows and columns of the image tokens, which are the last of the N. */
  readonly grid: { readonly height: number; readonly width: number };
  /** Blocks that stochastic depth may leave out: those of the patcher, then those of the encoder. */
  readonly depth: number;
  /** Hidden states `[B, L, D]` at the places of the layout, whatever the architecture. */
  hidden(input: ModelInput, options?: PassOptions): tf.Tensor;
  /** Width of `imageStates`. */
  readonly imageWidth: number;
  /**
   * What the model makes of pictures before there is a text, `[B, N, D]`: the output of the joint encoder, or of the one stack, which reads the
   * start token behind them; the tokens of the patcher `[B, N, W]` where no encoder reads them alone.
   *
   * @param packed as in `ModelInput`
   */
  imageStates(packed: tf.Tensor2D): tf.Tensor;
  /** Logits `[…, V]` of hidden states `[…, D]`. */
  logits(hidden: tf.Tensor): tf.Tensor;
  /** Encoder-decoder: reads image and text prefix, once a picture. */
  encode(input: EncoderInput, options?: PassOptions): Memory;
  /** Encoder-decoder: hidden states `[B, L, D]` from a memory that may have been made long ago. */
  decode(input: DecoderInput, memory: Memory, options?: PassOptions): tf.Tensor;
  /**
   * Fills the caches with what new tokens go on from: the start of the decoder's text, decoder-only behind the image; hidden states of the text,
   * `[B, L, D]`.
   *
   * @param memory of the encoder-decoder
   */
  prefill(input: StackInput, caches: StepInput['caches'], memory?: Memory): tf.Tensor;
  /** Logits `[B, 1, V]` of one step. @param memory of the encoder-decoder */
  step(input: StepInput, memory?: Memory): tf.Tensor;
  /** Decoder-only: hidden states `[B, n, D]` of several tokens after a prefix of equal length in every row. */
  extend(input: ExtensionInput): tf.Tensor;
}

/** What generation and scoring need of a model. */
export interface ModelCore {
  readonly config: SimVlmConfig;
  readonly network: Network;
}
