import type { KvCache } from '@simvlm/attention';
import type { PrefixLmBatch } from '@simvlm/core';
import { captureStep, type NamedTensors } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { inputArrays, upload } from '../input';
import { layout, positionAfter, readsPrefix } from '../layout';
import { makeCaches, orElse } from '../network/caches';
import type { Memory, ModelCore, StepInput } from '../network/contract';
import { copiedMemory, disposeMemory, keptMemory } from '../network/memory';

/** What is read of the logits `float32[R, V]` of a step: computed on the device, so that little comes to the host. */
export type Reduction = (logits: tf.Tensor2D) => NamedTensors;

export interface SessionOptions {
  /** New tokens that the caches have room for. */
  readonly maxLength: number;
  /** Texts of each prefix, which is read once for all of them: R = B · copies, those of a prefix one after another. */
  readonly copies: number;
  readonly reduce: Reduction;
}

/** Cached decoding of R texts. What a step gives belongs to the session, and holds until the next step. */
export interface DecodingSession {
  /** The reduced logits of the first new token of each text. */
  first(): NamedTensors;
  /**
   * Takes the tokens that were chosen, one a text; gives the reduced logits of the token after.
   *
   * @param rows where texts change places: the row that each text continues
   */
  next(tokens: ArrayLike<number>, rows?: Int32Array): NamedTensors;
  /** Frees the caches and the memory. */
  dispose(): void;
}

/** Reads the prefixes and makes caches. */
export function startSession(
  model: ModelCore,
  batch: PrefixLmBatch,
  options: SessionOptions,
): DecodingSession {
  const { config } = model;
  const hasPrompt = batch.prefixLengths.some(length => length > 0);
  // A text that begins with its start token needs no prefill.
  const begins =
    config.architecture === 'encoder-decoder' && !(hasPrompt && readsPrefix(config) === 'decoder');
  return begins ? startingSession(model, batch, options) : continuingSession(model, batch, options);
}

/** Texts of which the decoder has read nothing. */
function startingSession(model: ModelCore, batch: PrefixLmBatch, options: SessionOptions): DecodingSession {
  const { config, network } = model;
  const copies = copyRows(batch.size, options.copies);
  const size = copies.length;
  const memory = encodeAndKeep(model, batch, copies);
  // Last, as a batch that does not fit throws above.
  const caches = orElse(
    () => makeCaches(model, size, options.maxLength),
    () => disposeMemory(memory),
  );
  const step = tokenStep(model, batch, options, input => network.step({ ...input, caches }, memory));
  const order = reordering(caches, size);
  let count = 0;
  // Texts that change places stay with their picture: only what was made of them moves, not the memory.
  const next = (tokens: ArrayLike<number>, rows?: Int32Array) => {
    order.run(rows);
    return step.run(tokens, new Int32Array(size).fill(count), count++);
  };
  return {
    first: () => next(new Int32Array(size).fill(config.tokens.bos)),
    next,
    dispose() {
      step.dispose();
      order.dispose();
      for (const cache of caches) cache.dispose();
      disposeMemory(memory);
    },
  };
}

/** What the encoder makes of each prefix, for each of its texts. It outlives the tidy in which it is made. */
function encodeAndKeep({ config, network }: ModelCore, batch: PrefixLmBatch, rows: Int32Array): Memory {
  return keptMemory(() => {
    const encoded = network.encode(upload(inputArrays(layout(batch, config), batch)));
    return rows.length === batch.size ? encoded : copiedMemory(encoded, tf.tensor1d(rows, 'int32'));
  });
}

/** Texts that go on from what the decoder reads at once: decoder-only the image, and in both architectures start token and prompt. */
function continuingSession(model: ModelCore, batch: PrefixLmBatch, options: SessionOptions): DecodingSession {
  const { config, network } = model;
  const isStack = config.architecture === 'decoder-only';
  const before = isStack && batch.images ? network.imageTokens : 0;
  const plan = layout(batch, config);
  const copies = copyRows(batch.size, options.copies);
  const own = Int32Array.from({ length: batch.size }, (_, row) => row);
  let memory = isStack ? undefined : encodeAndKeep(model, batch, own);
  // The start token and the longest prompt were cached by the prefill, padding included; then come the new tokens.
  const caches = orElse(
    () => makeCaches(model, batch.size, before + plan.length + options.maxLength),
    () => memory && disposeMemory(memory),
  );
  const step = tokenStep(model, batch, options, input => network.step({ ...input, caches }, memory));
  const order = reordering(caches, copies.length);
  const prefixLengths = copies.map(row => batch.prefixLengths[row]!);
  let prefilled: NamedTensors = {};
  let count = 0;
  return {
    first() {
      prefilled = kept(() => {
        const hidden = network.prefill(upload(inputArrays(plan, batch)), caches, memory);
        // The first new token follows the last of the prefix: the start token where there is no prompt.
        const last = copies.map((row, text) => row * plan.length + prefixLengths[text]!);
        const chosen = tf.gather(tf.reshape(hidden, [-1, config.width]), tf.tensor1d(last, 'int32'));
        return options.reduce(network.logits(chosen) as tf.Tensor2D);
      });
      if (options.copies > 1) {
        copyCaches(caches, copies);
        memory = memory && copyMemory(memory, copies);
      }
      return prefilled;
    },
    next(tokens, rows) {
      count++;
      order.run(rows);
      return step.run(
        tokens,
        prefixLengths.map(length => before + length + count),
        count,
      );
    },
    dispose() {
      step.dispose();
      order.dispose();
      tf.dispose(prefilled as tf.NamedTensorMap);
      for (const cache of caches) cache.dispose();
      if (memory) disposeMemory(memory);
    },
  };
}

/** One token of every text: its inputs are all that changes from one to the next. */
function tokenStep(
  { config }: ModelCore,
  batch: PrefixLmBatch,
  { copies, reduce }: SessionOptions,
  logits: (input: Omit<StepInput, 'caches'>) => tf.Tensor,
) {
  const starts = copyRows(batch.size, copies).map(row => positionAfter(config, batch.prefixLengths[row]!));
  const size = starts.length;
  const inputs = kept(() => ({
    tokens: tf.zeros([size, 1], 'int32') as tf.Tensor2D,
    textPositions: tf.zeros([size, 1], 'int32') as tf.Tensor2D,
    places: tf.zeros([size], 'int32') as tf.Tensor1D,
  }));
  const step = captureStep({
    inputs,
    step: given => reduce(tf.reshape(logits(given), [size, config.vocabSize]) as tf.Tensor2D),
  });
  const clamp = clampTo(config.maxTextLength);
  return {
    /** The tokens that were just chosen, their places in the caches, and how many new tokens a text has before them. */
    run(tokens: ArrayLike<number>, places: Int32Array, count: number): NamedTensors {
      step.write('tokens', tokens);
      step.write(
        'textPositions',
        starts.map(start => clamp(start + count)),
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

/** Texts take the place of others, as beams do: row r of each cache becomes what row `rows[r]` was. */
function reordering(caches: readonly KvCache[], size: number) {
  const inputs = kept(() => ({ rows: tf.zeros([size], 'int32') as tf.Tensor1D }));
  const step = captureStep({
    inputs,
    step({ rows }) {
      for (const cache of caches) cache.reorder(rows);
      return {};
    },
  });
  return {
    run(rows?: Int32Array) {
      if (!rows || rows.every((from, row) => from === row)) return;
      step.write('rows', rows);
      step.run();
    },
    dispose() {
      step.dispose();
      tf.dispose(inputs);
    },
  };
}

/** Row r of each cache becomes what row `rows[r]` was: more rows than before. */
function copyCaches(caches: KvCache[], rows: Int32Array): void {
  tf.tidy(() => {
    const from = tf.tensor1d(rows, 'int32');
    for (const [layer, cache] of caches.entries()) {
      caches[layer] = cache.select(from);
      cache.dispose();
    }
  });
}

/** The same of a memory, whose old rows are freed. */
function copyMemory(memory: Memory, rows: Int32Array): Memory {
  const copy = keptMemory(() => copiedMemory(memory, tf.tensor1d(rows, 'int32')));
  disposeMemory(memory);
  return copy;
}

/** `int32[B · copies]`: the prefix of each text. */
function copyRows(size: number, copies: number): Int32Array {
  return Int32Array.from({ length: size * copies }, (_, text) => Math.floor(text / copies));
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
