import { KvCache } from '@simvlm/attention';
import type { PrefixLmBatch } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { type Layout, layout } from '../layout';
import type { Memory, ModelCore, StepInput } from '../network';

/** Cached decoding of one batch. Logits are `float32[B, V]` and belong to the caller. */
export interface DecodingSession {
  /** Logits of the first new token of each row. */
  first(): tf.Tensor;
  /** Takes the tokens that were chosen, one a row; logits of the token after. */
  next(tokens: readonly number[]): tf.Tensor;
  /** Frees the caches and the memory. */
  dispose(): void;
}

/** Reads the prefixes and makes caches for `maxLength` new tokens. */
export function startSession(model: ModelCore, batch: PrefixLmBatch, maxLength: number): DecodingSession {
  return model.config.architecture === 'encoder-decoder'
    ? encoderDecoderSession(model, batch, maxLength)
    : decoderOnlySession(model, batch, maxLength);
}

function encoderDecoderSession(model: ModelCore, batch: PrefixLmBatch, maxLength: number): DecodingSession {
  const { config, network } = model;
  const memory = encodeAndKeep(model, batch, layout(batch, config));
  // Last, as a batch that does not fit throws above.
  const caches = makeCaches(model, batch.size, maxLength);
  const clamp = clampTo(config.maxTextLength);
  let step = 0;
  const run = (tokens: ArrayLike<number>) =>
    tf.tidy(() => {
      const textPositions = batch.prefixLengths.map(length => clamp(length + step));
      const places = new Int32Array(batch.size).fill(step++);
      const hidden = network.decodeStep(stepInput(tokens, textPositions, places, caches), memory);
      return network.logits(hidden).reshape([batch.size, config.vocabSize]);
    });
  return {
    first: () => run(new Int32Array(batch.size).fill(config.tokens.bos)),
    next: run,
    dispose() {
      for (const cache of caches) cache.dispose();
      for (const { k, v } of memory.layers) tf.dispose([k, v]);
      memory.lengths.dispose();
    },
  };
}

/** The memory outlives the tidy in which it is made. */
function encodeAndKeep({ network }: ModelCore, batch: PrefixLmBatch, plan: Layout): Memory {
  let memory!: Memory;
  tf.tidy(() => {
    memory = network.encode(images(batch), plan.prefix, plan.prefixLengths);
    for (const { k, v } of memory.layers) for (const tensor of [k, v]) tf.keep(tensor);
    tf.keep(memory.lengths);
  });
  return memory;
}

function decoderOnlySession(model: ModelCore, batch: PrefixLmBatch, maxLength: number): DecodingSession {
  const { config, network } = model;
  const before = batch.images ? network.imageTokens : 0;
  const plan = layout(batch, config);
  // The start token and the longest prompt were cached by the prefill, padding included; then come the new tokens.
  const caches = makeCaches(model, batch.size, before + plan.length + maxLength);
  const clamp = clampTo(config.maxTextLength);
  let step = 0;
  return {
    first: () =>
      tf.tidy(() => {
        const hidden = network.prefill(plan, batch.size, images(batch), caches);
        // The first new token follows the last of the prefix: the start token where there is no prompt.
        const rowLength = before + plan.length;
        const last = batch.prefixLengths.map((length, row) => row * rowLength + before + length);
        const chosen = tf.gather(hidden.reshape([-1, config.width]), tf.tensor1d(last, 'int32'));
        return network.logits(chosen);
      }),
    next: tokens =>
      tf.tidy(() => {
        step++;
        const places = batch.prefixLengths.map(length => before + length + step);
        const textPositions = batch.prefixLengths.map(length => clamp(length + step));
        const hidden = network.stackStep(stepInput(tokens, textPositions, places, caches));
        return network.logits(hidden).reshape([batch.size, config.vocabSize]);
      }),
    dispose() {
      for (const cache of caches) cache.dispose();
    },
  };
}

/** A row that is full goes along with the others until they end; its position must stay one that exists. */
function clampTo(positions: number): (position: number) => number {
  return position => Math.min(position, positions - 1);
}

function makeCaches({ config }: ModelCore, batch: number, capacity: number): KvCache[] {
  const { layers, heads, width } = config;
  return Array.from({ length: layers }, () => new KvCache({ batch, capacity, heads, depth: width / heads }));
}

function stepInput(
  tokens: ArrayLike<number>,
  textPositions: Int32Array,
  places: Int32Array,
  caches: StepInput['caches'],
): StepInput {
  const rows = places.length;
  return {
    tokens: tf.tensor2d(Int32Array.from(tokens), [rows, 1], 'int32'),
    textPositions: tf.tensor2d(textPositions, [rows, 1], 'int32'),
    places: tf.tensor1d(places, 'int32'),
    caches,
  };
}

function images({ images, size }: PrefixLmBatch): tf.Tensor4D | undefined {
  return images && tf.tensor4d(images.pixels, [size, images.side, images.side, 3]);
}
