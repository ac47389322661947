/** Prefixes that are read once, and the texts that go on from them. `B` prefixes, `R` texts, `D` width, `V` vocabulary. */
import type { KvCache } from '@simvlm/attention';
import type { PrefixLmBatch } from '@simvlm/core';
import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { inputArrays, upload } from '../input';
import { layout, textLayout } from '../layout';
import { makeCaches, orElse } from '../network/caches';
import type { ModelCore, StackInput } from '../network/contract';
import { copiedMemory, disposeMemory, keptMemory } from '../network/memory';

/** A picture, a prompt or both of each of B rows; prompts of one length. */
export interface Prefixes {
  /** `uint8[B, S, S, 3]`; absent: text alone. */
  readonly images?: Uint8Array;
  /** B token lists, without special tokens. */
  readonly prompts: readonly Int32Array[];
}

export interface ReadPrefixes {
  /** `float32[B, V]`: log p, in nats, of each token as the first behind each prefix. */
  first(): Promise<Float32Array>;
  /**
   * Σ log p of R texts, in nats.
   *
   * @param texts token ids, the end token included; no longer than was said
   * @param rows the prefix that each text goes on from
   */
  score(texts: readonly Int32Array[], rows: readonly number[]): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Reads prefixes; the caller disposes what is kept of them.
 *
 * @param longest tokens of a text at most
 * @throws ShapeError where the prefixes do not fit the model
 */
export function readPrefixes(model: ModelCore, prefixes: Prefixes, longest: number): ReadPrefixes {
  const { config, network } = model;
  const { prompts } = prefixes;
  const kept =
    config.architecture === 'encoder-decoder'
      ? readMemory(model, prefixes)
      : readStack(model, prefixes, longest);
  return {
    async first() {
      const numbers = tf.tidy(() => tf.logSoftmax(network.logits(kept.last()) as tf.Tensor2D));
      const values = (await numbers.data()) as Float32Array;
      numbers.dispose();
      return values;
    },
    async score(texts, rows) {
      const batch = behind(
        texts,
        rows.map(row => prompts[row]!),
        config.tokens.pad,
      );
      const scores = tf.tidy(() => {
        const { hidden, targets, weights } = kept.texts(batch, tf.tensor1d(rows as number[], 'int32'));
        const count = targets.size;
        const logits = network.logits(tf.reshape(hidden, [count, config.width]));
        const losses = crossEntropy(logits, tf.reshape(targets, [count]), tf.reshape(weights, [count]));
        return tf.neg(tf.sum(tf.reshape(losses, targets.shape), 1));
      });
      const values = (await scores.data()) as Float32Array;
      scores.dispose();
      return values;
    },
    dispose: () => kept.dispose(),
  };
}

/** What is left of the prefixes. */
interface Kept {
  /** Hidden states `[B, D]` that predict the first token. */
  last(): tf.Tensor;
  /** Hidden states `[R, L, D]` of texts with their prompts before them, and what they predict. */
  texts(
    batch: PrefixLmBatch,
    rows: tf.Tensor1D,
  ): { readonly hidden: tf.Tensor; readonly targets: tf.Tensor2D; readonly weights: tf.Tensor2D };
  dispose(): void;
}

/** Encoder-decoder: image and prompt are encoded once; their memory is what texts share. */
function readMemory({ config, network }: ModelCore, prefixes: Prefixes): Kept {
  const prefix = prefixBatch(prefixes, config.imageSize, config.tokens);
  const plan = layout(prefix, config);
  const memory = keptMemory(() => network.encode(upload(inputArrays(plan, prefix))));
  return {
    last() {
      const { inputs, positions, lengths } = upload(inputArrays(plan, prefix));
      const hidden = network.decode({ inputs, positions, lengths }, memory);
      return lastPlaces(hidden, plan.lengths);
    },
    texts(batch, rows) {
      const texts = upload(inputArrays(textLayout(batch, config), batch));
      return { ...texts, hidden: network.decode(texts, copiedMemory(memory, rows)) };
    },
    dispose: () => disposeMemory(memory),
  };
}

/** Decoder-only: image, start token and prompt are read once, and texts go on from the cache. */
function readStack({ config, network }: ModelCore, prefixes: Prefixes, longest: number): Kept {
  const { maxTextLength } = config;
  const prefix = prefixBatch(prefixes, config.imageSize, config.tokens);
  const plan = layout(prefix, config);
  const prompt = prefixes.prompts[0]!.length;
  const before = prefixes.images ? network.imageTokens : 0;
  // Lengths are rounded up as the layout does it.
  const room = Math.min(maxTextLength, prompt + longest + 3);
  const caches = makeCaches({ config, network }, prefix.size, before + room);
  const disposeAll = (some: readonly KvCache[]) => {
    for (const cache of some) cache.dispose();
  };
  const last = orElse(
    () =>
      tf.tidy(() => {
        const { images, prefixLengths, lengths, inputs, positions } = upload(inputArrays(plan, prefix));
        const read: StackInput = {
          ...(images && { images }),
          ...{ prefixLengths, lengths },
          ...{ inputs: columns(inputs, 0, prompt + 1), positions: columns(positions, 0, prompt + 1) },
        };
        return tf.keep(lastPlaces(network.prefill(read, caches), plan.lengths));
      }),
    () => disposeAll(caches),
  );
  return {
    last: () => last,
    texts(batch, rows) {
      const { inputs, positions, lengths, targets, weights } = upload(
        inputArrays(textLayout(batch, config), batch),
      );
      const from = prompt + 1;
      const predicted = {
        targets: columns(targets, prompt),
        weights: columns(weights, prompt) as tf.Tensor2D,
      };
      const first = tf.expandDims(tf.gather(last, rows), 1);
      if (inputs.shape[1] === from) return { ...predicted, hidden: first };
      const own: KvCache[] = [];
      try {
        for (const cache of caches) own.push(cache.select(rows));
        const extended = network.extend({
          tokens: columns(inputs, from),
          textPositions: columns(positions, from),
          lengths: tf.sub(lengths, tf.scalar(from, 'int32')),
          start: before + from,
          caches: own,
        });
        return { ...predicted, hidden: tf.concat([first, extended], 1) };
      } finally {
        disposeAll(own);
      }
    },
    dispose() {
      last.dispose();
      disposeAll(caches);
    },
  };
}

/** Each prefix with one place that is to be filled. */
function prefixBatch(
  { images, prompts }: Prefixes,
  side: number,
  { eos, pad }: { readonly eos: number; readonly pad: number },
): PrefixLmBatch {
  const end = Int32Array.of(eos);
  const batch = behind(
    prompts.map(() => end),
    prompts,
    pad,
  );
  return images ? { ...batch, images: { side, pixels: images } } : batch;
}

/** Texts behind their prompts. */
export function behind(
  texts: readonly Int32Array[],
  prompts: readonly Int32Array[],
  pad: number,
): PrefixLmBatch {
  const lengths = Int32Array.from(texts, (text, row) => prompts[row]!.length + text.length);
  const length = Math.max(...lengths);
  const tokens = new Int32Array(texts.length * length).fill(pad);
  for (const [row, text] of texts.entries()) tokens.set([...prompts[row]!, ...text], row * length);
  return {
    ...{ size: texts.length, length, tokens, textLengths: lengths },
    prefixLengths: Int32Array.from(prompts, prompt => prompt.length),
    ids: texts.map((_, row) => `${row}`),
  };
}

/** `[B, L, D]` → `[B, D]`: of each row its last place. */
function lastPlaces(hidden: tf.Tensor, lengths: Int32Array): tf.Tensor {
  const [, L, D] = hidden.shape as [number, number, number];
  const places = lengths.map((length, row) => row * L + length - 1);
  return tf.gather(tf.reshape(hidden, [-1, D]), tf.tensor1d(places, 'int32'));
}

function columns<T extends tf.Tensor>(all: T, from: number, end = all.shape[1]!): tf.Tensor2D {
  return tf.slice(all as unknown as tf.Tensor2D, [0, from], [all.shape[0]!, end - from]);
}
