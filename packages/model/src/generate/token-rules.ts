import type { SimVlmConfig } from '../config';
import { readsPrefix } from '../layout';

/** What a rule needs to know of a text that goes on. */
export interface TextSoFar {
  /** What the rules look at: see `ruledText`. */
  readonly text: readonly number[];
  /** How many of them are new. */
  readonly newTokens: number;
}

/** The start token, the prompt unless it is a question that is read apart, and the new tokens: what Transformers' rules look at, too. */
export function ruledText(
  config: SimVlmConfig,
  prompt: ArrayLike<number>,
  tokens: readonly number[],
): readonly number[] {
  const isApart = readsPrefix(config) === 'question';
  return [config.tokens.bos, ...(isApart ? [] : Array.from(prompt)), ...tokens];
}

/**
 * The numbers of one row (`float32[V]`: logits, or log p of beams) as the rules change them: a copy, penalised, and −∞ for the tokens that are
 * blocked.
 */
export type TokenRules = (numbers: Float32Array, context: TextSoFar) => Float32Array;

/** Rules for the next token, in this order: repetition penalty, blocked n-grams, minimum length; none where none is asked for. */
export function createTokenRules(
  options: {
    readonly repetitionPenalty: number;
    readonly noRepeatNgram: number;
    readonly minLength: number;
  },
  eos: number,
): TokenRules | undefined {
  const { repetitionPenalty, noRepeatNgram, minLength } = options;
  if (repetitionPenalty === 1 && noRepeatNgram === 0 && minLength === 0) return undefined;
  return (given, { text, newTokens }) => {
    const numbers = given.slice();
    penalise(numbers, text, repetitionPenalty);
    const end = numbers[eos]!;
    if (noRepeatNgram > 0) for (const token of completing(text, noRepeatNgram)) numbers[token] = -Infinity;
    numbers[eos] = newTokens < minLength ? -Infinity : end;
    // Nothing else is left to say.
    if (numbers.every(number => number === -Infinity)) numbers[eos] = end;
    return numbers;
  };
}

/** Each token once, however often it occurred. */
function penalise(numbers: Float32Array, text: readonly number[], penalty: number): void {
  if (penalty === 1) return;
  for (const token of new Set(text)) numbers[token]! *= numbers[token]! > 0 ? 1 / penalty : penalty;
}

/**
 * The tokens that would make the last n − 1 tokens an n-gram which the text has already.
 *
 * ```
 * n = 3, text  a b c a b   →  c      (a b was followed by c)
 * n = 1, text  a b c       →  a b c
 * ```
 */
function* completing(text: readonly number[], n: number): Generator<number> {
  const last = text.length - (n - 1);
  for (let start = 0; start < last; start++) {
    let same = 0;
    while (same < n - 1 && text[start + same] === text[last + same]) same++;
    if (same === n - 1) yield text[start + n - 1]!;
  }
}
