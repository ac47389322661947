import { readModel } from './model-file';
import { UnigramTokenizer } from './unigram-tokenizer';

/**
 * A tokenizer from the bytes of a SentencePiece `.model` file.
 *
 * @throws TokenizerError for damaged files and for what is not supported, by name
 */
export function loadTokenizer(bytes: Uint8Array): UnigramTokenizer {
  return new UnigramTokenizer(readModel(bytes));
}
