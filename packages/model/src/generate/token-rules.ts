import { logSumExp } from './top';

/** What a rule needs to know of a text that goes on. */
export interface TextSoFar {
  /** Prompt and new tokens. */
  readonly text: readonly number[];
  /** How many of them are new. */
  readonly newTokens: number;
}

interface RuledLogits {
  /** `float32[V]`: penalised; −∞ for the tokens that are blocked. */
  readonly logits: Float32Array;
  /** log Σ exp of the penalised logits, blocked ones included. */
  readonly total: number;
}

/** The logits of one row as the rules change them: a copy. */
export type TokenRules = (logits: Float32Array, context: TextSoFar) => RuledLogits;

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
    const logits = given.slice();
    penalise(logits, text, repetitionPenalty);
    const total = logSumExp(logits);
    const end = logits[eos]!;
    if (noRepeatNgram > 0) for (const token of completing(text, noRepeatNgram)) logits[token] = -Infinity;
    logits[eos] = newTokens < minLength ? -Infinity : end;
    // Nothing else is left to say.
    if (logits.every(logit => logit === -Infinity)) logits[eos] = end;
    return { logits, total };
  };
}

/** Each token once, however often it occurred. */
function penalise(logits: Float32Array, text: readonly number[], penalty: number): void {
  if (penalty === 1) return;
  for (const token of new Set(text)) logits[token]! *= logits[token]! > 0 ? 1 / penalty : penalty;
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
