import { decodeText, isSimVlmError, type MakeError, TokenizerError } from '@simvlm/core';
import { readRegularFile } from '@simvlm/data/node';
import { loadTokenizer, loadTokenizerJson, type SentencePieceTokenizer } from '@simvlm/tokenizer';

/**
 * A SentencePiece `.model` or a `tokenizer.json`, told by what is in it. @throws TokenizerError when it
 * cannot be read or is neither
 */
export async function readTokenizer(file: string): Promise<SentencePieceTokenizer> {
  const invalid: MakeError = (message, options) => new TokenizerError('TOKENIZER_INVALID', message, options);
  const bytes = await readRegularFile(file, invalid);
  const text = isText(bytes) ? decodeText(bytes, file, invalid) : undefined;
  try {
    return text === undefined ? loadTokenizer(bytes) : loadTokenizerJson(text);
  } catch (error) {
    if (!isSimVlmError(error)) throw error;
    throw invalid(`${file}: ${error.message}`, { cause: error });
  }
}

/** A .model begins with a field number, JSON with a brace, white space before it, or the byte order mark of UTF-16. */
function isText(bytes: Uint8Array): boolean {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 100));
  return /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*\{/.test(head);
}
