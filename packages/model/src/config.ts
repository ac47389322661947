import type { BlockForm } from '@simvlm/attention';
import type { JsonValue } from '@simvlm/core';
import type { LoraConfig } from './finetune/lora';
import type { SamplerOptions } from './generate/sampler-options';
import type { IntegerWeights } from './weights/integers';

/**
 * Everything that decides the shape of a model. Plain JSON. What may be left out is by default as in SimVLM; with it, the other models of an image
 * and then a text are described:
 *
 * ```
 *            architecture      encoder    blocks          text prefix
 * SimVLM     encoder-decoder   joint      norm before     in the encoder, sees itself both ways
 *            decoder-only      –          norm before     in the stack, sees itself both ways
 * GIT        decoder-only      –          norm after      in the stack, causal
 * BLIP       encoder-decoder   none       norm after      in the decoder, causal
 * BLIP VQA   encoder-decoder   question   norm after      in the encoder, which looks at the image
 * ViT-GPT2   encoder-decoder   none       norm before     in the decoder, causal
 * ```
 */
export interface SimVlmConfig {
  /** The paper's default is the encoder-decoder. */
  readonly architecture: 'encoder-decoder' | 'decoder-only';
  /** Side of the square input image in pixels. */
  readonly imageSize: number;
  /** D */
  readonly width: number;
  /** Blocks of the encoder, where there is one, and, as many, of the decoder; decoder-only: blocks of the one stack. */
  readonly layers: number;
  /** H, which divides D. */
  readonly heads: number;
  /** Width of the hidden layer of each MLP. */
  readonly mlp: number;
  /** V */
  readonly vocabSize: number;
  /** Text tokens at most, the end token included. */
  readonly maxTextLength: number;
  /** Ids that the model itself needs: what starts a text, ends it, and fills up. */
  readonly tokens: {
    readonly pad: number;
    readonly bos: number;
    readonly eos: number;
    /** How many of the last ids of the vocabulary the tokenizer does not have; default 0. They are decoded to nothing. */
    readonly beyond?: number;
  };
  /** Which patcher makes image tokens, by its registered name, and its options. */
  readonly patcher: { readonly kind: string; readonly [option: string]: JsonValue };
  /** How a picture becomes what the patcher reads. */
  readonly picture?: PictureConfig;
  /** What tells image tokens from one another besides what the patcher does. */
  readonly imagePositions?: {
    /** A learned position is added to each; default true. */
    readonly added?: boolean;
    /** Self-attention gets a learned 2-D relative bias between them; default true. */
    readonly relative?: boolean;
  };
  /** What all blocks of encoder and decoder are made of. */
  readonly block?: BlockForm;
  /** A layer norm over the sum of a text token's embedding and its position; default false. */
  readonly embeddingNorm?: boolean;
  /**
   * What the decoder of the encoder-decoder attends to:
   *
   * ```
   * joint      [image ; text prefix], encoded together                                          default
   * none       the image tokens as the patcher gives them; the text prefix begins the decoder's own text
   * question   first, text prefix, last: encoded with embeddings of their own by blocks that look at the image by cross-attention
   * ```
   */
  readonly encoder?:
    | { readonly kind: 'joint' | 'none' }
    | { readonly kind: 'question'; readonly first: number; readonly last: number };
  /** Decoder-only: whether the text prefix sees itself in both directions, as the image does (default), or each token only what precedes it. */
  readonly textPrefix?: 'both-ways' | 'causal';
  /** How hidden states become logits. */
  readonly head?: {
    /** The weight is the embedding's table; default true. */
    readonly tied?: boolean;
    /** Default false. */
    readonly bias?: boolean;
    /** A linear map [D, D] with the activation of the blocks and a layer norm comes first; default false. */
    readonly transform?: boolean;
  };
  /** How the model writes where a request does not say. */
  readonly generation?: {
    /** New tokens at most, the end token included; default: as many as the text length leaves. */
    readonly maxLength?: number;
    /** Default: greedy. */
    readonly sampler?: SamplerOptions;
    /** New tokens before the end token at least; default 0. */
    readonly minLength?: number;
    /** Default 1: none. */
    readonly repetitionPenalty?: number;
    /** Default 0: none. */
    readonly noRepeatNgram?: number;
  };
  /** Adapters of low rank beside linear maps, for fine-tuning: then they alone are trained. Default: none. */
  readonly lora?: LoraConfig;
  /** Matrices as integers with scales, used as they are: such weights are made of others (`integerTensors`) and not trained. Default: float32. */
  readonly weights?: IntegerWeights;
}

/** How a picture becomes what a model reads: what it was trained on belongs to it as its weights do. */
export interface PictureConfig {
  /** How it becomes square, as `squareImage` of `@simvlm/image` does; default `crop`. */
  readonly fit?: 'crop' | 'resize-crop' | 'squash' | 'pad';
  /** How it is resized; default `bilinear`. */
  readonly filter?: 'bilinear' | 'bicubic';
  /** What is taken off a colour from 0 to 1, by channel; default 0.5. */
  readonly mean?: readonly [number, number, number];
  /** What it is divided by then; default 0.5, so that colours go from −1 to 1. */
  readonly std?: readonly [number, number, number];
}
