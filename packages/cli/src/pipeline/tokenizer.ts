import { readFile } from 'node:fs/promises';
import {
  decodeText,
  type ExampleDataset,
  isSimVlmError,
  type MakeError,
  Random,
  TokenizerError,
} from '@simvlm/core';
import {
  loadTokenizer,
  loadTokenizerJson,
  SentencePieceTokenizer,
  trainUnigram,
  withSentinels,
  withSpecialTokens,
} from '@simvlm/tokenizer';
import type { RunConfig } from '../config/run-config';
import type { RunData } from './data';

/** The tokenizer that the configuration names, or one trained on the captions and as many documents; with sentinels if it asks for them. */
export async function runTokenizer(config: RunConfig, data: RunData): Promise<SentencePieceTokenizer> {
  const tokenizer = await plainTokenizer(config, data);
  const { sentinels = 0 } = config.tokenizer;
  return sentinels === 0 ? tokenizer : new SentencePieceTokenizer(withSentinels(tokenizer.model, sentinels));
}

async function plainTokenizer(
  { tokenizer, seed }: RunConfig,
  { captions, documents }: RunData,
): Promise<SentencePieceTokenizer> {
  if (tokenizer.model !== undefined) {
    // Published tokenizers often have no pad token.
    const { model } = await readTokenizer(tokenizer.model);
    return new SentencePieceTokenizer(withSpecialTokens(model));
  }
  return trainUnigram(corpus(captions, documents, seed), {
    vocabSize: tokenizer.vocabSize,
    // Captions are few: a digit that one of them has is worth a piece.
    characterCoverage: 1,
    // A small data set of one's own gets as many pieces as it has.
    hardVocabLimit: false,
  });
}

/**
 * A SentencePiece `.model` or a `tokenizer.json`, told by what is in it. @throws TokenizerError when it
 * cannot be read or is neither
 */
export async function readTokenizer(file: string): Promise<SentencePieceTokenizer> {
  const invalid: MakeError = (message, options) => new TokenizerError('TOKENIZER_INVALID', message, options);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw invalid(`cannot read the tokenizer ${file}: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
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

/** Captions are few and glosses many: with equal numbers of both the captions' words still become pieces. */
async function* corpus(
  captions: readonly string[],
  documents: ExampleDataset,
  seed: number,
): AsyncGenerator<string> {
  yield* captions;
  const order = Random.fromSeed(seed).fork('tokenizer').permutation(documents.length);
  for (const index of order.subarray(0, captions.length)) yield (await documents.get(index)).text;
}
