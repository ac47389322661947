import { TokenizerError } from '@simvlm/core';

/** The error for a model that cannot be used. */
export function damaged(what: string): TokenizerError {
  return new TokenizerError('TOKENIZER_INVALID', `not a usable tokenizer model: ${what}`);
}
