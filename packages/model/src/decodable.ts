import type { SimVlmConfig } from './config';

/** Tokens without those that the tokenizer does not have (`tokens.beyond`), which no text is spelt with. */
export function decodable(
  tokens: Int32Array,
  { vocabSize, tokens: { beyond = 0 } }: SimVlmConfig,
): Int32Array {
  return beyond === 0 ? tokens : tokens.filter(id => id < vocabSize - beyond);
}
