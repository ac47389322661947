import { type MakeError, TokenizerError } from '@simvlm/core';

/** The files that a tokenizer of these kinds may consist of, by the names that Hugging Face gives them. */
export const FILE_NAMES = {
  model: 'tokenizer.model',
  json: 'tokenizer.json',
  config: 'tokenizer_config.json',
  wordPieces: 'vocab.txt',
  bytePieces: 'vocab.json',
  merges: 'merges.txt',
} as const;

/** Names of the files that `loadTokenizer` looks at. */
export const TOKENIZER_FILES: readonly string[] = /* @__PURE__ */ Object.values(FILE_NAMES);

export const invalid: MakeError = (message, options) =>
  new TokenizerError('TOKENIZER_INVALID', message, options);

/** An error in a line of a file, counted from 1. */
export function lineError(file: string, line: number, what: string): TokenizerError {
  return invalid(`${file}:${line}: ${what}`) as TokenizerError;
}
