import { registerWasmBackend } from '@simvlm/backend-wasm';
import { type PrefixLmBatch, Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { SimVlm, type SimVlmConfig } from '../src/index';

/** Models small enough for plain JavaScript. */
export function tinyConfig(change: Partial<SimVlmConfig> = {}): SimVlmConfig {
  return {
    architecture: 'encoder-decoder',
    imageSize: 8,
    width: 16,
    layers: 2,
    heads: 2,
    mlp: 32,
    vocabSize: 20,
    maxTextLength: 10,
    tokens: { pad: 0, bos: 2, eos: 3 },
    patcher: { kind: 'linear', patchSize: 4 },
    ...change,
  };
}

export const architectures = ['encoder-decoder', 'decoder-only'] as const;
export const backends = ['cpu', 'wasm'] as const;

export async function useBackend(name: (typeof backends)[number]): Promise<void> {
  if (name === 'wasm') await registerWasmBackend({ threads: 2 });
  await tf.setBackend(name);
}

/**
 * A model in which everything matters: fresh weights are so small, and fresh biases so zero, that a wrong path would hardly
 * show.
 */
export function livelyModel(change: Partial<SimVlmConfig> = {}): SimVlm {
  const model = SimVlm.create(tinyConfig(change), { seed: 1 });
  for (const [name, variable] of model.params) {
    const random = Random.fromSeed(7).fork(name);
    const noise = Float32Array.from({ length: variable.size }, () => 0.4 * random.normal());
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(noise, variable.shape))));
  }
  return model;
}

/** A lively model whose end token is almost the token that it likes best: texts end by chance, early or late. */
export function talkativeModel(change: Partial<SimVlmConfig>, seed: number): SimVlm {
  const model = livelyModel(change);
  const table = model.params.get('embedding.weight');
  const values = table.dataSync().slice();
  const random = Random.fromSeed(seed);
  for (let i = 0; i < 16; i++) values[3 * 16 + i] = values[5 * 16 + i]! + 0.2 * random.normal();
  tf.tidy(() => table.assign(tf.tensor(values, table.shape)));
  return model;
}

/** Loss and gradients as numbers. */
export function lossAndGradients(model: SimVlm, batch: PrefixLmBatch | readonly PrefixLmBatch[]) {
  const { value, grads } = tf.variableGrads(() => model.loss(batch), model.params.values());
  const loss = value.dataSync()[0]!;
  const gradients = model.params.map(
    ({ name, size }) => (grads[name]?.dataSync() as Float32Array | undefined) ?? new Float32Array(size),
  );
  tf.dispose([value, grads]);
  return { loss, gradients };
}

/** Logits as numbers: those of the places that exist, by row and place. */
export function realLogits(model: SimVlm, batch: PrefixLmBatch): Float32Array[][] {
  return tf.tidy(() => {
    const logits = model.logits(batch);
    const [, length, vocab] = logits.shape;
    const values = logits.dataSync() as Float32Array;
    return Array.from(batch.textLengths, (text, b) => {
      const places = text - firstPredicted(model, batch, b);
      return Array.from({ length: places }, (_, i) => {
        const at = (b * length + i) * vocab;
        return values.slice(at, at + vocab);
      });
    });
  });
}

/** The text token that place 0 of a row predicts. */
export function firstPredicted({ config }: SimVlm, batch: PrefixLmBatch, row: number): number {
  const isInEncoder = config.architecture === 'encoder-decoder' && config.encoder?.kind !== 'none';
  return isInEncoder ? batch.prefixLengths[row]! : 0;
}

export interface Row {
  readonly text: readonly number[];
  readonly prefix?: number;
}

/** A batch of given texts (the end token is added) with noise for images, one seed a row. */
export function tinyBatch(rows: readonly Row[], { images = true, side = 8, length = 0 } = {}): PrefixLmBatch {
  const longest = Math.max(length, ...rows.map(({ text }) => text.length + 1));
  const tokens = new Int32Array(rows.length * longest);
  const pixels = new Uint8Array(rows.length * side * side * 3);
  for (const [b, { text }] of rows.entries()) {
    tokens.set([...text, 3], b * longest);
    const random = Random.fromSeed(b);
    for (let i = 0; i < side * side * 3; i++) pixels[b * side * side * 3 + i] = random.integer(256);
  }
  return {
    size: rows.length,
    length: longest,
    tokens,
    prefixLengths: Int32Array.from(rows, ({ prefix }) => prefix ?? 0),
    textLengths: Int32Array.from(rows, ({ text }) => text.length + 1),
    ...(images && { images: { side, pixels } }),
    ids: rows.map((_, b) => `${b}`),
  };
}

/** The row alone, with the same image. */
export function onlyRow(batch: PrefixLmBatch, row: number): PrefixLmBatch {
  const per = batch.images ? batch.images.pixels.length / batch.size : 0;
  return {
    size: 1,
    length: batch.length,
    tokens: batch.tokens.slice(row * batch.length, (row + 1) * batch.length),
    prefixLengths: batch.prefixLengths.slice(row, row + 1),
    textLengths: batch.textLengths.slice(row, row + 1),
    ...(batch.images && {
      images: { side: batch.images.side, pixels: batch.images.pixels.slice(row * per, (row + 1) * per) },
    }),
    ids: [batch.ids[row]!],
  };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
