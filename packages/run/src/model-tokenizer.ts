import type { Tokenizer } from '@simvlm/core';
import type { SimVlmConfig } from '@simvlm/model';

/** The tokenizer as tasks use it: with the tokens that the model starts, ends and fills up with, which of an imported model may be none of its pieces. */
export function modelTokenizer(tokenizer: Tokenizer, { tokens }: Pick<SimVlmConfig, 'tokens'>): Tokenizer {
  const { pad, bos, eos } = tokens;
  const { special } = tokenizer;
  if (special.pad === pad && special.bos === bos && special.eos === eos) return tokenizer;
  return {
    ...{ vocabSize: tokenizer.vocabSize, special: { ...special, pad, bos, eos } },
    encode: text => tokenizer.encode(text),
    decode: ids => tokenizer.decode(ids),
  };
}
