import { ShapeError } from '@simvlm/core';
import { checkBytes, textLayout } from '../layout';
import type { ModelCore } from '../network/contract';
import { behind, readPrefixes } from './read-prefixes';

/** What texts are judged for: pictures, prompts or both. `B` rows, `S` image side in pixels. */
export interface CandidatePrefixes {
  /** `uint8[B, S, S, 3]`; absent: text alone, which then needs prompts. */
  readonly images?: Uint8Array;
  /** One text prefix a row, as token ids without special tokens; lengths may differ; default: empty. */
  readonly prompts?: readonly Int32Array[];
}

/** More texts at a time are hardly faster. */
const MOST = 512;
/** For keys, values and logits of the texts that are computed together. */
const BYTES = 256 * 2 ** 20;

/** See `SimVlm.scoreCandidates`. */
export async function scoreCandidates(
  model: ModelCore,
  prefixes: CandidatePrefixes,
  candidates: readonly (readonly Int32Array[])[],
): Promise<number[][]> {
  const prompts = checkedPrompts('scoreCandidates', model, prefixes, candidates.length);
  const texts = candidates.flatMap((list, row) => list.map((tokens, i) => ({ row, i, tokens })));
  checkTexts(
    model,
    texts.map(({ tokens }) => tokens),
    texts.map(({ row }) => prompts[row]!),
  );
  const longest = Math.max(...texts.map(({ tokens }) => tokens.length));
  const scores = candidates.map(list => new Array<number>(list.length));
  for (const rows of rowsByLength(prompts)) {
    const places = new Map(rows.map((row, place) => [row, place]));
    // Texts of about one length together: little is computed on padding.
    const own = texts.filter(({ row }) => places.has(row)).sort((a, b) => a.tokens.length - b.tokens.length);
    if (own.length === 0) continue;
    const chosen = rowsOf(model, prefixes, prompts, rows);
    const read = readPrefixes(model, chosen, longest);
    try {
      const atOnce = textsAtOnce(model, chosen.prompts[0]!.length + longest);
      for (let first = 0; first < own.length; first += atOnce) {
        const some = own.slice(first, first + atOnce);
        const values = await read.score(
          some.map(({ tokens }) => tokens),
          some.map(({ row }) => places.get(row)!),
        );
        for (const [k, { row, i }] of some.entries()) scores[row]![i] = values[k]!;
      }
    } finally {
      read.dispose();
    }
  }
  return scores;
}

/** How many texts of so many tokens, prompt included, to compute together. */
export function textsAtOnce({ config, network }: ModelCore, tokens: number): number {
  const { layers, width, vocabSize } = config;
  // Logits, and what the loss makes of them.
  const numbers = 2 * layers * width * (network.imageTokens + tokens) + 2 * tokens * vocabSize;
  return Math.max(1, Math.min(MOST, Math.floor(BYTES / (Float32Array.BYTES_PER_ELEMENT * numbers))));
}

/** Rows whose prompts have one length, which are read together. */
export function rowsByLength(prompts: readonly Int32Array[]): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (const [row, { length }] of prompts.entries()) {
    const group = groups.get(length);
    if (group) group.push(row);
    else groups.set(length, [row]);
  }
  return [...groups.values()];
}

/** Some of the rows. */
export function rowsOf(
  { config: { imageSize: side } }: ModelCore,
  { images }: CandidatePrefixes,
  prompts: readonly Int32Array[],
  rows: readonly number[],
): { readonly images?: Uint8Array; readonly prompts: readonly Int32Array[] } {
  const chosen = rows.map(row => prompts[row]!);
  if (!images || rows.length === prompts.length) return { ...(images && { images }), prompts: chosen };
  const bytes = side * side * 3;
  const pixels = new Uint8Array(rows.length * bytes);
  for (const [place, row] of rows.entries())
    pixels.set(images.subarray(row * bytes, (row + 1) * bytes), place * bytes);
  return { images: pixels, prompts: chosen };
}

/** @throws ShapeError unless there is a picture, a prompt or both for each of so many rows */
export function checkedPrompts(
  where: string,
  { config: { imageSize: side } }: ModelCore,
  { images, prompts }: CandidatePrefixes,
  rows: number,
): readonly Int32Array[] {
  if (images) {
    checkBytes(where, images);
    if (images.length !== rows * side * side * 3)
      throw new ShapeError(
        `${where}: ${rows} lists of candidates need images [${rows}, ${side}, ${side}, 3], got ${images.length} numbers`,
      );
  }
  if (!images && !prompts) throw new ShapeError(`${where}: give images, prompts or both`);
  if (prompts && prompts.length !== rows)
    throw new ShapeError(`${where}: ${rows} lists of candidates need as many prompts, got ${prompts.length}`);
  return prompts ?? Array.from({ length: rows }, () => new Int32Array(0));
}

/** Whatever does not fit is told before anything is computed. @throws ShapeError */
export function checkTexts(
  { config }: ModelCore,
  texts: readonly Int32Array[],
  prompts: readonly Int32Array[],
): void {
  textLayout(behind(texts, prompts, config.tokens.pad), config);
}
