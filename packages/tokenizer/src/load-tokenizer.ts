import { readTokenizerJson } from './json/read-tokenizer-json';
import { readModel } from './model-file/read-model';
import { SentencePieceTokenizer } from './tokenizer';

/**
 * A tokenizer from the bytes of a SentencePiece `.model` file (unigram or BPE).
 *
 * @throws TokenizerError for damaged files and for what is not supported, by name
 */
export function loadTokenizer(bytes: Uint8Array): SentencePieceTokenizer {
  return new SentencePieceTokenizer(readModel(bytes));
}

/**
 * A tokenizer from the text of a Hugging Face `tokenizer.json` of the SentencePiece families; what is read is
 * said at `readTokenizerJson`.
 *
 * @throws TokenizerError for what is no such file and for what is not supported, by name
 */
export function loadTokenizerJson(text: string): SentencePieceTokenizer {
  return new SentencePieceTokenizer(readTokenizerJson(text));
}
