import { readFile } from 'node:fs/promises';
import { type ExampleDataset, Random, TokenizerError } from '@simvlm/core';
import { loadTokenizer, trainUnigram, type UnigramTokenizer } from '@simvlm/tokenizer';
import type { RunConfig } from '../config/run-config';
import type { RunData } from './data';

/** Reads the tokenizer that the configuration names, or trains one on the captions and as many documents. */
export async function runTokenizer(
  { tokenizer, seed }: RunConfig,
  { captions, documents }: RunData,
): Promise<UnigramTokenizer> {
  if (tokenizer.model !== undefined) return readTokenizer(tokenizer.model);
  return trainUnigram(corpus(captions, documents, seed), {
    vocabSize: tokenizer.vocabSize,
    // Captions are few: a digit that one of them has is worth a piece.
    characterCoverage: 1,
    // A small data set of one's own gets as many pieces as it has.
    hardVocabLimit: false,
  });
}

/** @throws TokenizerError when the file cannot be read or is no model */
export async function readTokenizer(file: string): Promise<UnigramTokenizer> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new TokenizerError(
      'TOKENIZER_INVALID',
      `cannot read the tokenizer ${file}: ${(error as NodeJS.ErrnoException).code}`,
      { cause: error },
    );
  }
  return loadTokenizer(bytes);
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
