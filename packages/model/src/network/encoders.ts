import { crossBlock, selfBlock } from '@simvlm/attention';
import { through, wordTable } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from '../config';
import { blockDrop, dropEmbedding, seedsOf } from '../finetune/drop';
import { pass, type Recomputable } from '../recompute';
import type { EncoderInput, PassOptions } from './contract';
import { type Embeddings, textEmbedding } from './embeddings';
import { blockOptions, finalNorm, plus, type Scope, small, stackOf } from './stack';

/** What a decoder attends to. */
interface Encoded {
  /** `[B, M, width]` */
  readonly states: tf.Tensor;
  /** `int32[B]`: places that exist. */
  readonly lengths: tf.Tensor1D;
}

interface Encoder {
  /** Of its states. */
  readonly width: number;
  /** Blocks that stochastic depth may leave out, those of the patcher among them. */
  readonly depth: number;
  encode(input: EncoderInput, options?: PassOptions): Encoded;
  /** See `Network`. */
  readonly imageWidth: number;
  imageStates(packed: tf.Tensor2D): tf.Tensor;
}

type Make = (scope: Scope, config: SimVlmConfig, embed: Embeddings) => Encoder;

/**
 * `[image ; text prefix]`, in which everyone sees everyone. 2 image tokens, prefix `a b`, of which another row has one more:
 *
 * ```
 * image   ■ ■ ■ ■ ·
 *         ■ ■ ■ ■ ·
 * a       ■ ■ ■ ■ ·
 * b       ■ ■ ■ ■ ·
 * ```
 *
 * Declares `encoder.I.*` and, with norms before, `encoder.norm`.
 */
const jointEncoder: Make = (scope, config, { text, imageTokens: N, grid, patcherBlocks, ...embed }) => {
  const isRelative = config.imagePositions?.relative !== false;
  const options = { ...blockOptions(config), ...(isRelative && { grid }) };
  const stack = stackOf(scope, 'encoder', config.layers, own => selfBlock(own, options));
  const last = finalNorm(scope.scope('encoder.norm'), config);
  const depth = patcherBlocks + config.layers;
  const embedImages = embed.images(depth);
  const encode: Encoder['encode'] = (
    { images, prefixTokens, prefixPositions, prefixLengths },
    { checkpointBlocks, drops } = {},
  ) => {
    const parts = images ? [embedImages(images, { checkpointBlocks, drops })] : [];
    if (prefixTokens) parts.push(text(prefixTokens, prefixPositions!));
    const lengths = images ? plus(prefixLengths, N) : (tf.clone(prefixLengths) as tf.Tensor1D);
    const constants = [lengths, ...seedsOf(drops)];
    const layers = stack.map(({ name, block, params }, i) => {
      const run: Recomputable = ([x], [keys, seeds]) => {
        const drop = blockDrop(drops, seeds, name, (patcherBlocks + i + 1) / depth);
        return block.run(x!, { keyLengths: keys!, prefixLengths: keys! }, images !== undefined, drop);
      };
      return (x_BMD: tf.Tensor) => pass(run, { inputs: [x_BMD], constants, params }, checkpointBlocks);
    });
    const x_BMD = dropEmbedding(drops, 'encoder', parts.length === 1 ? parts[0]! : tf.concat(parts, 1));
    const states = through(x_BMD, layers);
    return { states: last ? last(states) : states, lengths };
  };
  return {
    ...{ width: config.width, depth, encode },
    imageWidth: config.width,
    imageStates: packed =>
      encode({ images: packed, prefixLengths: tf.zeros([packed.shape[0]], 'int32') as tf.Tensor1D }).states,
  };
};

/** The image tokens as the patcher gives them. */
const noEncoder: Make = (_scope, _config, { imageTokens: N, imageWidth, patcherBlocks, ...embed }) => {
  const embedImages = embed.images(patcherBlocks);
  return {
    width: imageWidth,
    depth: patcherBlocks,
    encode({ images, prefixLengths }, options) {
      const lengths = tf.fill([prefixLengths.size], N, 'int32') as tf.Tensor1D;
      return { states: embedImages(images!, options), lengths };
    },
    imageWidth,
    imageStates: packed => embedImages(packed),
  };
};

/**
 * The text prefix, in which everyone sees everyone, and by cross-attention everyone the image; the states of the text alone are the memory.
 * Prefix `first a b last`, of which another row has one more; 2 image tokens:
 *
 * ```
 *         self         cross
 * first   ■ ■ ■ ■ ·    ■ ■
 * a       ■ ■ ■ ■ ·    ■ ■
 * b       ■ ■ ■ ■ ·    ■ ■
 * last    ■ ■ ■ ■ ·    ■ ■
 * ```
 *
 * Declares `encoder.embedding.*`, `encoder.positions.text`, `encoder.I.*` and, with norms before, `encoder.norm`.
 */
const questionEncoder: Make = (scope, config, { imageTokens: N, imageWidth, patcherBlocks, ...embed }) => {
  const { width, vocabSize, layers: count } = config;
  const own = scope.scope('encoder');
  const table = wordTable(own.scope('embedding'), { words: vocabSize, width, init: small });
  const text = textEmbedding(own, config, table);
  const options = { ...blockOptions(config), memoryWidth: imageWidth };
  const stack = stackOf(scope, 'encoder', count, params => crossBlock(params, options));
  const last = finalNorm(scope.scope('encoder.norm'), config);
  const depth = patcherBlocks + count;
  const embedImages = embed.images(depth);
  return {
    width,
    depth,
    encode({ images, prefixTokens, prefixPositions, prefixLengths }, { checkpointBlocks, drops } = {}) {
      const images_BNW = embedImages(images!, { checkpointBlocks, drops });
      const imageLengths = tf.fill([prefixLengths.size], N, 'int32');
      const constants = [prefixLengths, imageLengths, ...seedsOf(drops)];
      const layers = stack.map(({ name, block, params }, i) => {
        const run: Recomputable = ([x, image], [words, places, seeds]) => {
          const self = { keyLengths: words!, prefixLengths: words! };
          const cross = { keyLengths: places!, prefixLengths: places! };
          const drop = blockDrop(drops, seeds, name, (patcherBlocks + i + 1) / depth);
          return block.run(x!, self, block.projectMemory(image!), cross, drop);
        };
        return (x_BPD: tf.Tensor) =>
          pass(run, { inputs: [x_BPD, images_BNW], constants, params }, checkpointBlocks);
      });
      const x_BPD = dropEmbedding(drops, 'encoder', text(prefixTokens!, prefixPositions!));
      const states = through(x_BPD, layers);
      return { states: last ? last(states) : states, lengths: tf.clone(prefixLengths) as tf.Tensor1D };
    },
    imageWidth,
    imageStates: packed => embedImages(packed),
  };
};

/** By `encoder.kind`. */
export const encoders: Readonly<Record<NonNullable<SimVlmConfig['encoder']>['kind'], Make>> = {
  joint: jointEncoder,
  none: noEncoder,
  question: questionEncoder,
};
