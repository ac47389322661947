import { selfBlock } from '@simvlm/attention';
import { through } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from '../config';
import { blockDrop, dropEmbedding, seedsOf } from '../finetune/drop';
import { pass, type Recomputable } from '../recompute';
import type { Network, PassOptions, StackInput } from './contract';
import type { Embeddings, EmbedImages } from './embeddings';
import type { Head } from './head';
import { blockOptions, everythingCached, finalNorm, plus, type Scope, stackOf } from './stack';

/**
 * One stack reads `[image ; text]`. The image sees itself in both directions, and with the default `textPrefix` the start token and the text
 * prefix belong to it; with `causal` (GIT) each token of the text sees what precedes it. 2 image tokens, `<bos> a b c`, prefix `a`:
 *
 * ```
 *            both-ways        causal
 * image      ■ ■ ■ ■ · ·      ■ ■ · · · ·
 *            ■ ■ ■ ■ · ·      ■ ■ · · · ·
 * <bos>      ■ ■ ■ ■ · ·      ■ ■ ■ · · ·
 * a          ■ ■ ■ ■ · ·      ■ ■ ■ ■ · ·
 * b          ■ ■ ■ ■ ■ ·      ■ ■ ■ ■ ■ ·
 * c          ■ ■ ■ ■ ■ ■      ■ ■ ■ ■ ■ ■
 * ```
 *
 * Declares `decoder.I.*` and, with norms before, `decoder.norm`.
 */
export function decoderOnly(
  scope: Scope,
  config: SimVlmConfig,
  { text, imageTokens: N, grid, patcherBlocks, ...embed }: Embeddings,
  head: Head,
): Omit<Network, 'logits' | 'imageTokens' | 'grid'> {
  const isRelative = config.imagePositions?.relative !== false;
  const options = { ...blockOptions(config), ...(isRelative && { grid }) };
  const stack = stackOf(scope, 'decoder', config.layers, own => selfBlock(own, options));
  const last = finalNorm(scope.scope('decoder.norm'), config);
  const images: EmbedImages = embed.images(patcherBlocks);
  const isCausal = config.textPrefix === 'causal';

  /** The sequence with its mask, and how many places are before the text. */
  const sequence = (input: StackInput, options?: PassOptions) => {
    const text_BLD = text(input.inputs, input.positions);
    const before = input.images ? N : 0;
    const prefixLengths = isCausal
      ? tf.fill([input.lengths.size], before, 'int32')
      : plus(input.prefixLengths, before + 1);
    return {
      x: input.images ? tf.concat([images(input.images, options), text_BLD], 1) : text_BLD,
      mask: { keyLengths: plus(input.lengths, before), prefixLengths },
      before,
    };
  };
  const normed = (x: tf.Tensor) => (last ? last(x) : x);

  return {
    depth: patcherBlocks,
    imageWidth: config.width,
    hidden(input, { checkpointBlocks, drops } = {}) {
      const { x, mask, before } = sequence(input, { checkpointBlocks, drops });
      const constants = [mask.keyLengths, mask.prefixLengths, ...seedsOf(drops)];
      const layers = stack.map(({ name, block, params }, i) => {
        const run: Recomputable = ([given], [keyLengths, prefixLengths, seeds]) => {
          const seen = { keyLengths: keyLengths!, prefixLengths: prefixLengths! };
          const drop = blockDrop(drops, seeds, name, 0);
          // What the last block makes of the image tokens is read by nobody.
          if (i === stack.length - 1) return block.tail(given!, before, seen, drop);
          return block.run(given!, seen, before > 0, drop);
        };
        return (x_BTD: tf.Tensor) => pass(run, { inputs: [x_BTD], constants, params }, checkpointBlocks);
      });
      return normed(through(dropEmbedding(drops, 'decoder', x), layers));
    },
    imageStates(packed) {
      const count = packed.shape[0];
      const column = tf.zeros([count, 1], 'int32') as tf.Tensor2D;
      const lengths = tf.ones([count], 'int32') as tf.Tensor1D;
      const { x, mask, before } = sequence({
        ...{ images: packed, prefixLengths: tf.zerosLike(lengths), lengths },
        ...{ inputs: plus(column, config.tokens.bos), positions: column },
      });
      const layers = stack.map(
        ({ block }) =>
          (x_BTD: tf.Tensor) =>
            block.run(x_BTD, mask, true),
      );
      return normed(tf.slice(through(x, layers), [0, 0, 0], [count, before, config.width]));
    },
    prefill(input, caches) {
      const { x, mask, before } = sequence(input);
      const positions = tf.zerosLike(input.lengths);
      const layers = stack.map(({ block }, i) => (x_BTD: tf.Tensor) => {
        const place = { cache: caches[i]!, positions };
        // As above: of the image the last block needs only keys and values.
        if (before > 0 && i === stack.length - 1) return block.cachedTail(x_BTD, before, place, mask);
        return block.cached(x_BTD, place, mask, before > 0);
      });
      return normed(through(x, layers));
    },
    step({ tokens, textPositions, places, caches }) {
      let x_B1D = text(tokens, textPositions);
      const mask = everythingCached(places);
      for (const [i, { block }] of stack.entries())
        x_B1D = block.cached(x_B1D, { cache: caches[i]!, positions: places }, mask, false);
      return head.step(x_B1D, last);
    },
    extend({ tokens, textPositions, lengths, start, caches }) {
      const places = plus(tf.zerosLike(lengths), start);
      const mask = { keyLengths: plus(lengths, start), prefixLengths: places, offset: start };
      let x_BnD = text(tokens, textPositions);
      for (const [i, { block }] of stack.entries())
        x_BnD = block.cached(x_BnD, { cache: caches[i]!, positions: places }, mask, false);
      return normed(x_BnD);
    },
    encode: () => impossible('encode'),
    decode: () => impossible('decode'),
  };
}

function impossible(what: string): never {
  throw new Error(`${what} belongs to the encoder-decoder architecture`);
}
