import { crossBlock, type KeysValues } from '@simvlm/attention';
import { through } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { SimVlmConfig } from '../config';
import { blockDrop, dropEmbedding, seedsOf } from '../finetune/drop';
import { pass, type Recomputable } from '../recompute';
import type { Memory, Network } from './contract';
import type { Embeddings } from './embeddings';
import { encoders } from './encoders';
import type { Head } from './head';
import { blockOptions, everythingCached, finalNorm, type Scope, stackOf } from './stack';

/**
 * A decoder that sees what precedes each place of its text and, by cross-attention, all of a memory, which `encoder.kind` makes. Text `<bos> a b`,
 * memory of 3 places; another row has one more of both:
 *
 * ```
 *         self       cross
 * <bos>   ■ · · ·    ■ ■ ■ ·
 * a       ■ ■ · ·    ■ ■ ■ ·
 * b       ■ ■ ■ ·    ■ ■ ■ ·
 * ```
 *
 * Declares what the encoder does, then `decoder.I.*` and, with norms before, `decoder.norm`.
 */
export function encoderDecoder(
  scope: Scope,
  config: SimVlmConfig,
  embed: Embeddings,
  head: Head,
): Omit<Network, 'logits' | 'imageTokens' | 'grid'> {
  const { text } = embed;
  const encoder = encoders[config.encoder?.kind ?? 'joint'](scope, config, embed);
  const options = { ...blockOptions(config), memoryWidth: encoder.width };
  const decoder = stackOf(scope, 'decoder', config.layers, own => crossBlock(own, options));
  const last = finalNorm(scope.scope('decoder.norm'), config);
  const normed = (x: tf.Tensor) => (last ? last(x) : x);

  const encode: Network['encode'] = (input, options) => {
    const { states, lengths } = encoder.encode(input, options);
    return { layers: decoder.map(({ block }) => block.projectMemory(states)), lengths };
  };

  const decode: Network['decode'] = (
    { inputs, positions, lengths },
    memory,
    { checkpointBlocks, drops } = {},
  ) => {
    // No prefix on this side: each place sees itself and what precedes it.
    const none = tf.zerosLike(lengths);
    const constants = [lengths, none, memory.lengths, ...seedsOf(drops)];
    const layers = decoder.map(({ name, block, params }, i) => {
      const run: Recomputable = ([x, k, v], [keys, prefix, all, seeds]) => {
        const self = { keyLengths: keys!, prefixLengths: prefix! };
        const cross = { keyLengths: all!, prefixLengths: all! };
        return block.run(x!, self, { k, v } as KeysValues, cross, blockDrop(drops, seeds, name, 0));
      };
      const { k, v } = memory.layers[i]!;
      return (x_BLD: tf.Tensor) => pass(run, { inputs: [x_BLD, k, v], constants, params }, checkpointBlocks);
    });
    const x_BLD = dropEmbedding(drops, 'decoder', text(inputs, positions));
    return normed(through(x_BLD, layers));
  };

  const crossMask = (memory: Memory) => ({ keyLengths: memory.lengths, prefixLengths: memory.lengths });

  return {
    depth: encoder.depth,
    imageWidth: encoder.imageWidth,
    imageStates: packed => encoder.imageStates(packed),
    encode,
    decode,
    hidden: (input, options) => decode(input, encode(input, options), options),
    prefill({ inputs, positions, lengths }, caches, memory) {
      const places = tf.zerosLike(lengths);
      const self = { keyLengths: lengths, prefixLengths: places };
      const seen = given(memory);
      const layers = decoder.map(
        ({ block }, i) =>
          (x_BLD: tf.Tensor) =>
            block.cached(
              x_BLD,
              { cache: caches[i]!, positions: places },
              self,
              seen.layers[i]!,
              crossMask(seen),
            ),
      );
      return normed(through(text(inputs, positions), layers));
    },
    step({ tokens, textPositions, places, caches }, memory) {
      const seen = given(memory);
      let x_B1D = text(tokens, textPositions);
      const self = everythingCached(places);
      for (const [i, { block }] of decoder.entries()) {
        const place = { cache: caches[i]!, positions: places };
        x_B1D = block.cached(x_B1D, place, self, seen.layers[i]!, crossMask(seen));
      }
      return head.step(x_B1D, last);
    },
    extend: () => {
      throw new Error('extend belongs to the decoder-only architecture');
    },
  };
}

function given(memory: Memory | undefined): Memory {
  if (!memory) throw new Error('the decoder of the encoder-decoder needs a memory');
  return memory;
}
