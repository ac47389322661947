/** The one place where a model becomes a `tokenizer.json`, which the tokenizers of Hugging Face read. */
import { readModel, writeTokenizerJson } from '@simvlm/tokenizer';

/** @returns the content of a tokenizer.json for the bytes of a SentencePiece model */
export function tokenizerJson(bytes) {
  return JSON.parse(writeTokenizerJson(readModel(bytes)));
}
