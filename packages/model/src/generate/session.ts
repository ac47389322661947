import { KvCache } from '@simvlm/attention';
import type { PrefixLmBatch } from '@simvlm/core';
import { type CapturedStep, captureStep, type NamedTensors } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { inputArrays, upload } from '../input';
import { layout } from '../layout';
import type { Memory, ModelCore, StepInput } from '../network';

/** What is read of the logits `float32[B, V]` of a step: computed on the device, so that little comes to the host. */
export type Reduction = (logits: tf.Tensor2D) => NamedTensors;

/** Cached decoding of one batch. What a step gives belongs to the session, and holds until the next step. */
export interface DecodingSession {
  /** The reduced logits of the first new token of each row. */
  first(): NamedTensors;
  /** Takes the tokens that were chosen, one a row; gives the reduced logits of the token after. */
  next(tokens: ArrayLike<number>): NamedTensors;
  /** Frees the caches and the memory. */
  dispose(): void;
}

/** Reads the prefixes and makes caches for `maxLength` new tokens. */
export function startSession(
  model: ModelCore,
  batch: PrefixLmBatch,
  maxLength: number,
  reduce: Reduction,
): DecodingSession {
  return model.config.architecture === 'encoder-decoder'
    ? encoderDecoderSession(model, batch, maxLength, reduce)
    : decoderOnlySession(model, batch, maxLength, reduce);
}

function encoderDecoderSession(
  model: ModelCore,
  batch: PrefixLmBatch,
  maxLength: number,
  reduce: Reduction,
): DecodingSession {
  const { config, network } = model;
  const memory = encodeAndKeep(model, batch);
  // Last, as a batch that does not fit throws above.
  const caches = makeCaches(model, batch.size, maxLength);
  const step = tokenStep(model, batch, reduce, input => network.decodeStep({ ...input, caches }, memory));
  let count = 0;
  const next = (tokens: ArrayLike<number>) =>
    step.run(tokens, new Int32Array(batch.size).fill(count), count++);
  return {
    first: () => next(new Int32Array(batch.size).fill(config.tokens.bos)),
    next,
    dispose() {
      step.dispose();
      for (const cache of caches) cache.dispose();
      for (const { k, v } of memory.layers) tf.dispose([k, v]);
      memory.lengths.dispose();
    },
  };
}

/** The memory outlives the tidy in which it is made. */
function encodeAndKeep({ config, network }: ModelCore, batch: PrefixLmBatch): Memory {
  let memory!: Memory;
  tf.tidy(() => {
    memory = network.encode(upload(inputArrays(layout(batch, config), batch)));
    for (const { k, v } of memory.layers) for (const tensor of [k, v]) tf.keep(tensor);
    tf.keep(memory.lengths);
  });
  return memory;
}

function decoderOnlySession(
  model: ModelCore,
  batch: PrefixLmBatch,
  maxLength: number,
  reduce: Reduction,
): DecodingSession {
  const { config, network } = model;
  const before = batch.images ? network.imageTokens : 0;
  const plan = layout(batch, config);
  // The start token and the longest prompt were cached by the prefill, padding included; then come the new tokens.
  const caches = makeCaches(model, batch.size, before + plan.length + maxLength);
  const step = tokenStep(model, batch, reduce, input => network.stackStep({ ...input, caches }));
  let prefilled: NamedTensors = {};
  let count = 0;
  return {
    first() {
      prefilled = kept(() => {
        const hidden = network.prefill(upload(inputArrays(plan, batch)), caches);
        // The first new token follows the last of the prefix: the start token where there is no prompt.
        const rowLength = before + plan.length;
        const last = batch.prefixLengths.map((length, row) => row * rowLength + before + length);
        const chosen = tf.gather(hidden.reshape([-1, config.width]), tf.tensor1d(last, 'int32'));
        return reduce(network.logits(chosen) as tf.Tensor2D);
      });
      return prefilled;
    },
    next(tokens) {
      count++;
      return step.run(
        tokens,
        batch.prefixLengths.map(length => before + length + count),
        count,
      );
    },
    dispose() {
      step.dispose();
      tf.dispose(prefilled as tf.NamedTensorMap);
      for (const cache of caches) cache.dispose();
    },
  };
}

/** One token of every row, captured: its inputs are all that changes from one to the next. */
function tokenStep(
  { config, network }: ModelCore,
  { size, prefixLengths }: PrefixLmBatch,
  reduce: Reduction,
  hidden: (input: Omit<StepInput, 'caches'>) => tf.Tensor,
) {
  const inputs = kept(() => ({
    tokens: tf.zeros([size, 1], 'int32') as tf.Tensor2D,
    textPositions: tf.zeros([size, 1], 'int32') as tf.Tensor2D,
    places: tf.zeros([size], 'int32') as tf.Tensor1D,
  }));
  const step: CapturedStep<NamedTensors> = captureStep({
    inputs,
    step: given => reduce(network.logits(hidden(given)).reshape([size, config.vocabSize]) as tf.Tensor2D),
  });
  const clamp = clampTo(config.maxTextLength);
  return {
    /** The tokens that were just chosen, their places in the caches, and how many new tokens a row has before them. */
    run(tokens: ArrayLike<number>, places: Int32Array, count: number): NamedTensors {
      step.write('tokens', tokens);
      step.write(
        'textPositions',
        prefixLengths.map(length => clamp(length + count)),
      );
      step.write('places', places);
      return step.run();
    },
    dispose() {
      step.dispose();
      tf.dispose(inputs);
    },
  };
}

/** Tensors that outlive the tidy in which they are made. */
function kept<T extends NamedTensors>(make: () => T): T {
  const made = tf.tidy(() => make() as unknown as tf.NamedTensorMap);
  for (const tensor of Object.values(made)) tf.keep(tensor);
  return made as unknown as T;
}

/** A row that is full goes along with the others until they end; its position must stay one that exists. */
function clampTo(positions: number): (position: number) => number {
  return position => Math.min(position, positions - 1);
}

function makeCaches({ config }: ModelCore, batch: number, capacity: number): KvCache[] {
  const { layers, heads, width } = config;
  return Array.from({ length: layers }, () => new KvCache({ batch, capacity, heads, depth: width / heads }));
}
