import { Random, type Tokenizer } from '@simvlm/core';

/** Texts that are encoded for a survey: a second of work at most. */
const SAMPLE = 20_000;
/** Unknown letters that are named. */
const LETTERS = 8;

/** Texts by their index. */
export interface Texts {
  readonly length: number;
  at(index: number): string | Promise<string>;
}

/** How a tokenizer spells the texts that a run learns from. */
export interface TextSurvey {
  /** Texts in all. */
  readonly count: number;
  /** Texts that were looked at: all, or 20,000 drawn at random. */
  readonly looked: number;
  /** Share of the unknown token among the tokens of these, 0 to 1. */
  readonly unknownShare: number;
  /** Up to eight letters that the tokenizer does not know, the most frequent first. */
  readonly unknownLetters: readonly string[];
  /** Texts of these with more tokens than the model reads. */
  readonly tooLong: number;
  /** Tokens of the longest of these. */
  readonly longest: number;
}

/** A tokenizer that may say where its pieces come from. */
export type SurveyTokenizer = Tokenizer & {
  encodeWithOffsets?(text: string): { readonly ids: Int32Array; readonly offsets: Int32Array };
};

/**
 * Encodes the texts, or 20,000 of them, and counts what will be lost in training.
 *
 * @param maxTokens tokens of a text that the model reads, the end token not counted
 * @param seed of the draw
 */
export async function surveyTexts(
  texts: Texts,
  tokenizer: SurveyTokenizer,
  maxTokens: number,
  seed: number,
): Promise<TextSurvey> {
  const { unk } = tokenizer.special;
  const looked = Math.min(texts.length, SAMPLE);
  const order =
    looked === texts.length ? undefined : Random.fromSeed(seed).fork('survey').permutation(texts.length);
  const letters = new Map<string, number>();
  let [tokens, unknown, tooLong, longest] = [0, 0, 0, 0];
  for (let i = 0; i < looked; i++) {
    const text = await texts.at(order?.[i] ?? i);
    const ids = tokenizer.encode(text);
    tokens += ids.length;
    longest = Math.max(longest, ids.length);
    if (ids.length > maxTokens) tooLong++;
    const here = ids.reduce((sum, id) => sum + (id === unk ? 1 : 0), 0);
    unknown += here;
    if (here > 0) countUnknown(text, tokenizer, letters);
  }
  const byCount = [...letters].sort(([, m], [, n]) => n - m);
  return {
    count: texts.length,
    looked,
    unknownShare: tokens === 0 ? 0 : unknown / tokens,
    unknownLetters: byCount.slice(0, LETTERS).map(([letter]) => letter),
    tooLong,
    longest,
  };
}

function countUnknown(text: string, tokenizer: SurveyTokenizer, letters: Map<string, number>): void {
  if (tokenizer.encodeWithOffsets === undefined) return;
  const { ids, offsets } = tokenizer.encodeWithOffsets(text);
  for (const [i, id] of ids.entries()) {
    if (id !== tokenizer.special.unk) continue;
    for (const letter of text.slice(offsets[2 * i], offsets[2 * i + 1]))
      if (letter.trim() !== '') letters.set(letter, (letters.get(letter) ?? 0) + 1);
  }
}
