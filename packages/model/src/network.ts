/**
 * The whole forward pass of SimVLM (Wang et al., ICLR 2022).
 *
 * Legend: `B` rows, `N` image tokens, `P` text-prefix tokens in the encoder, `M = N + P` memory, `L` decoder places,
 * `S` image side in pixels, `D` width, `V` vocabulary. Every function returns tensors that belong to the tidy around it.
 */
import {
  type BlockOptions,
  type CachePlace,
  crossBlock,
  type KeysValues,
  type Norm,
  norm,
  selfBlock,
} from '@simvlm/attention';
import type { ParameterScope, Registry } from '@simvlm/core';
import { decodeLinear, embedding, linear, scalePixels, through } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import type { SimVlmConfig } from './config';
import { blockDrop, type Drops, dropEmbedding, patchDrop, seedsOf } from './finetune/drop';
import { withAdapters } from './finetune/lora';
import type { ModelInput } from './input';
import { collecting, pass, type Recomputable } from './recompute';

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
interface PassOptions {
  /** Keeps nothing of the inside of a Transformer block for the backward pass, which computes it once more. Default false. */
  readonly checkpointBlocks?: boolean;
  /** What training drops at random. Default nothing. */
  readonly drops?: Drops;
}

export interface Network {
  /** N */
  readonly imageTokens: number;
  /** Rows and columns of the image tokens. */
  readonly grid: { readonly height: number; readonly width: number };
  /** Blocks that stochastic depth may leave out: those of the conv stage, then those of the encoder. */
  readonly depth: number;
  /** Hidden states `[B, L, D]` at the places of the layout, whatever the architecture. */
  hidden(input: ModelInput, options?: PassOptions): tf.Tensor;
  /** Logits `[…, V]` of hidden states `[…, D]`: the embedding's table, transposed. */
  logits(hidden: tf.Tensor): tf.Tensor;
  /** Encoder-decoder: reads image and text prefix, once a picture. */
  encode(input: EncoderInput, options?: PassOptions): Memory;
  /** Encoder-decoder: hidden states `[B, L, D]` from a memory that may have been made long ago. */
  decode(input: DecoderInput, memory: Memory, options?: PassOptions): tf.Tensor;
  /** Encoder-decoder: logits `[B, 1, V]` of one step. */
  decodeStep(input: StepInput, memory: Memory): tf.Tensor;
  /** Decoder-only: fills the caches with image and prefix; hidden states `[B, N + L, D]` of all of it. */
  prefill(input: StackInput, caches: StepInput['caches']): tf.Tensor;
  /** Decoder-only: logits `[B, 1, V]` of one step. */
  stackStep(input: StepInput): tf.Tensor;
  /** Decoder-only: hidden states `[B, n, D]` of several tokens after a prefix of equal length in every row. */
  extend(input: ExtensionInput): tf.Tensor;
}

/** What generation and scoring need of a model. */
export interface ModelCore {
  readonly config: SimVlmConfig;
  readonly network: Network;
}

/** Declares every parameter of the model in `scope` and gives its forward passes. */
export function buildNetwork(
  config: SimVlmConfig,
  plain: ParameterScope<tf.Tensor>,
  registry: Registry,
): Network {
  const scope = withAdapters(plain, config.lora);
  const { width: D, heads, mlp, layers, vocabSize, maxTextLength, imageSize } = config;
  const small = { kind: 'truncated-normal', std: 0.02 } as const;

  const { kind, ...patcherOptions } = config.patcher;
  const patcher = registry.get('patcher', kind)(patcherOptions, {
    imageSize,
    width: D,
    params: scope.scope('patcher'),
  });
  const grid = patcher.grid;
  const N = grid.height * grid.width;

  const table_VD = scope.param('embedding.weight', [vocabSize, D], small);
  const imagePositions_ND = scope.param('positions.image', [N, D], small);
  const textPositions_TD = scope.param('positions.text', [maxTextLength, D], small);
  const options: BlockOptions = { width: D, heads, mlp, grid };
  const isEncoderDecoder = config.architecture === 'encoder-decoder';
  const convBlocks = patcher.residualBlocks ?? 0;
  const depth = convBlocks + (isEncoderDecoder ? layers : 0);

  /** Image tokens with their positions: packed bytes → `[B, N, D]`. */
  const embedImages = (packed: tf.Tensor2D, drops?: Drops): tf.Tensor => {
    const images = scalePixels(packed, { side: imageSize });
    return tf.add(patcher.patch(images, patchDrop(drops, depth)) as tf.Tensor, imagePositions_ND);
  };

  /** Text tokens with their positions: `int32[B, L]`, `int32[B, L]` → `[B, L, D]`. */
  const embedText = (tokens: tf.Tensor, positions: tf.Tensor): tf.Tensor =>
    tf.add(embedding(table_VD, tokens), embedding(textPositions_TD, positions));

  const logits = (hidden: tf.Tensor): tf.Tensor => linear(hidden, table_VD, undefined, { transposeW: true });

  /** Logits of a step, with the last layer norm. */
  const stepLogits = (x: tf.Tensor, last: Norm): tf.Tensor =>
    decodeLinear(x, table_VD, undefined, { transposeW: true, norm: last.of });

  /** The blocks of a stack, each with the parameters that it declares. */
  const blocks = <B>(name: string, make: (scope: ParameterScope<tf.Tensor>, options: BlockOptions) => B) =>
    Array.from({ length: layers }, (_, i) => {
      const params: tf.Tensor[] = [];
      return { block: make(collecting(scope.scope(`${name}.${i}`), params), options), params };
    });

  if (isEncoderDecoder) {
    const encoder = blocks('encoder', selfBlock);
    const encoderNorm = norm(scope.scope('encoder.norm'), D);
    const decoder = blocks('decoder', crossBlock);
    const decoderNorm = norm(scope.scope('decoder.norm'), D);

    const encode: Network['encode'] = (
      { images, prefixTokens, prefixPositions, prefixLengths },
      { checkpointBlocks, drops } = {},
    ) => {
      const parts = images ? [embedImages(images, drops)] : [];
      if (prefixTokens) parts.push(embedText(prefixTokens, prefixPositions!));
      const lengths = images ? plus(prefixLengths, N) : (tf.clone(prefixLengths) as tf.Tensor1D);
      const constants = [lengths, ...seedsOf(drops)];
      const layers = encoder.map(({ block, params }, i) => {
        // Everyone in the prefix sees everyone in it, in both directions.
        const run: Recomputable = ([x], [keys, seeds]) => {
          const drop = blockDrop(drops, seeds, `encoder.${i}`, (convBlocks + i + 1) / depth);
          return block.run(x!, { keyLengths: keys!, prefixLengths: keys! }, images !== undefined, drop);
        };
        return (x_BMD: tf.Tensor) => pass(run, { inputs: [x_BMD], constants, params }, checkpointBlocks);
      });
      const x_BMD = dropEmbedding(drops, 'encoder', parts.length === 1 ? parts[0]! : tf.concat(parts, 1));
      const memory_BMD = encoderNorm(through(x_BMD, layers));
      return { layers: decoder.map(({ block }) => block.projectMemory(memory_BMD)), lengths };
    };

    const crossMask = (memory: Memory) => ({ keyLengths: memory.lengths, prefixLengths: memory.lengths });

    const decode: Network['decode'] = (
      { inputs, positions, lengths },
      memory,
      { checkpointBlocks, drops } = {},
    ) => {
      // No prefix on this side: each place sees itself and what precedes it.
      const none = tf.zerosLike(lengths);
      const constants = [lengths, none, memory.lengths, ...seedsOf(drops)];
      const layers = decoder.map(({ block, params }, i) => {
        const run: Recomputable = ([x, k, v], [keys, prefix, all, seeds]) => {
          const self = { keyLengths: keys!, prefixLengths: prefix! };
          const cross = { keyLengths: all!, prefixLengths: all! };
          const drop = blockDrop(drops, seeds, `decoder.${i}`, 0);
          return block.run(x!, self, { k, v } as KeysValues, cross, drop);
        };
        const { k, v } = memory.layers[i]!;
        return (x_BLD: tf.Tensor) =>
          pass(run, { inputs: [x_BLD, k, v], constants, params }, checkpointBlocks);
      });
      const x_BLD = dropEmbedding(drops, 'decoder', embedText(inputs, positions));
      return decoderNorm(through(x_BLD, layers));
    };

    return {
      imageTokens: N,
      grid,
      depth,
      logits,
      encode,
      decode,
      hidden: (input, options) => decode(input, encode(input, options), options),
      decodeStep({ tokens, textPositions, places, caches }, memory) {
        let x_B1D = embedText(tokens, textPositions);
        const mask = everythingCached(places);
        for (const [i, { block }] of decoder.entries()) {
          x_B1D = block.cached(
            x_B1D,
            { cache: caches[i]!, positions: places },
            mask,
            memory.layers[i]!,
            crossMask(memory),
          );
        }
        return stepLogits(x_B1D, decoderNorm);
      },
      extend: () => impossible('extend', 'decoder-only'),
      prefill: () => impossible('prefill', 'decoder-only'),
      stackStep: () => impossible('stackStep', 'decoder-only'),
    };
  }

  const stack = blocks('decoder', selfBlock);
  const stackNorm = norm(scope.scope('decoder.norm'), D);

  /** `[image ; text]` and its mask: the prefix is the image, the start token and the text prefix. */
  const sequence = ({ images, prefixLengths, inputs, positions, lengths }: StackInput, drops?: Drops) => {
    const text_BLD = embedText(inputs, positions);
    const before = images ? N : 0;
    return {
      x: images ? tf.concat([embedImages(images, drops), text_BLD], 1) : text_BLD,
      mask: { keyLengths: plus(lengths, before), prefixLengths: plus(prefixLengths, before + 1) },
      before,
    };
  };

  return {
    imageTokens: N,
    grid,
    depth,
    logits,
    hidden(input, { checkpointBlocks, drops } = {}) {
      const { x, mask, before } = sequence(input, drops);
      const constants = [mask.keyLengths, mask.prefixLengths, ...seedsOf(drops)];
      const layers = stack.map(({ block, params }, i) => {
        const run: Recomputable = ([given], [keyLengths, prefixLengths, seeds]) => {
          const seen = { keyLengths: keyLengths!, prefixLengths: prefixLengths! };
          const drop = blockDrop(drops, seeds, `decoder.${i}`, 0);
          // What the last block makes of the image tokens is read by nobody.
          if (i === stack.length - 1) return block.tail(given!, before, seen, drop);
          return block.run(given!, seen, before > 0, drop);
        };
        return (x_BTD: tf.Tensor) => pass(run, { inputs: [x_BTD], constants, params }, checkpointBlocks);
      });
      return stackNorm(through(dropEmbedding(drops, 'decoder', x), layers));
    },
    prefill(input, caches) {
      const { x, mask, before } = sequence(input);
      const positions = tf.zerosLike(input.lengths);
      const layers = stack.map(
        ({ block }, i) =>
          (x_BTD: tf.Tensor) =>
            block.cached(x_BTD, { cache: caches[i]!, positions }, mask, before > 0),
      );
      return stackNorm(through(x, layers));
    },
    stackStep({ tokens, textPositions, places, caches }) {
      let x_B1D = embedText(tokens, textPositions);
      const mask = everythingCached(places);
      for (const [i, { block }] of stack.entries())
        x_B1D = block.cached(x_B1D, { cache: caches[i]!, positions: places }, mask, false);
      return stepLogits(x_B1D, stackNorm);
    },
    extend({ tokens, textPositions, lengths, start, caches }) {
      const places = plus(tf.zerosLike(lengths), start);
      const mask = { keyLengths: plus(lengths, start), prefixLengths: places, offset: start };
      let x_BnD = embedText(tokens, textPositions);
      for (const [i, { block }] of stack.entries())
        x_BnD = block.cached(x_BnD, { cache: caches[i]!, positions: places }, mask, false);
      return stackNorm(x_BnD);
    },
    encode: () => impossible('encode', 'encoder-decoder'),
    decode: () => impossible('decode', 'encoder-decoder'),
    decodeStep: () => impossible('decodeStep', 'encoder-decoder'),
  };
}

/** The newest token of each row sees all that its row has cached, itself included. */
function everythingCached(places: tf.Tensor1D) {
  const lengths = plus(places, 1);
  return { keyLengths: lengths, prefixLengths: lengths };
}

/** `int32[B]` lengths, each more by `n`. */
function plus(lengths: tf.Tensor1D, n: number): tf.Tensor1D {
  return tf.add(lengths, tf.scalar(n, 'int32'));
}

function impossible(what: string, architecture: string): never {
  throw new Error(`${what} belongs to the ${architecture} architecture`);
}
