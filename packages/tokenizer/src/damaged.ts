import { TokenizerError } from '@simvlm/core';

/** The error for a model that cannot be used. */
export function damaged(what: string): TokenizerError {
  return new TokenizerError('TOKENIZER_INVALID', `not a usable tokenizer model: ${what}`);
}

/** A text of the file for a message: short, and without control characters, which a terminal would obey. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
