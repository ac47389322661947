import type { PrefixLmBatch } from '@simvlm/core';
import { Random } from '@simvlm/core';
import type { SimVlmConfig } from '../src/index';

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

export interface Row {
  readonly text: readonly number[];
  readonly prefix?: number;
}

/** A batch of given texts (the end token is added) with noise for images, one seed a row. */
export function tinyBatch(rows: readonly Row[], { images = true, side = 8, length = 0 } = {}): PrefixLmBatch {
  const longest = Math.max(length, ...rows.map(({ text }) => text.length + 1));
  const tokens = new Int32Array(rows.length * longest);
  const pixels = new Float32Array(rows.length * side * side * 3);
  for (const [b, { text }] of rows.entries()) {
    tokens.set([...text, 3], b * longest);
    const random = Random.fromSeed(b);
    for (let i = 0; i < side * side * 3; i++) pixels[b * side * side * 3 + i] = random.uniform() * 2 - 1;
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
