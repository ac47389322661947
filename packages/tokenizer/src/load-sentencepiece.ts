import { readModel } from './model-file/read-model';
import { SentencePieceTokenizer } from './tokenizer';

/**
 * A tokenizer from the bytes of a SentencePiece `.model` file, unigram or BPE. A program that reads no other kind is smaller with it
 * than with `loadTokenizer`.
 *
 * @throws TokenizerError for damaged files and for what is not supported, by name
 */
export function loadSentencePiece(bytes: Uint8Array): SentencePieceTokenizer {
  return new SentencePieceTokenizer(readModel(bytes));
}
