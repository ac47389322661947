import { TokenizerError } from '@simvlm/core';
import { WordTable } from '../segment/word-table';
import { hashOf } from '../subword/word-hash';
import { Utf8Source } from '../utf8';
import { type Sampling, sampledLines } from './sampled-lines';

/** Finds words in UTF-8; what is between words it skips. */
export interface Scanner {
  /** Where the word that `next` found begins. */
  readonly begin: number;
  /** Where the next word from `at` on ends. */
  next(bytes: Uint8Array, at: number, end: number): number;
}

/** The different words of a text in the order of their coming. */
export interface WordCounts {
  readonly words: WordTable;
  /** How often each word occurs. */
  readonly counts: Float64Array;
}

/**
 * Counts the words of lines. Memory grows with the different words, not with the length of the text.
 *
 * @throws TokenizerError when there is no text
 */
export async function countWords(
  lines: Iterable<string> | AsyncIterable<string>,
  scanner: Scanner,
  sampling: Sampling,
): Promise<WordCounts> {
  const words = new WordTable();
  let counts = new Float64Array(1024);
  const source = new Utf8Source();
  for await (const line of sampledLines(lines, sampling)) {
    source.write(line);
    const { bytes, length } = source;
    for (let at = 0; at < length; ) {
      at = scanner.next(bytes, at, length);
      const { begin } = scanner;
      if (begin === at) continue;
      const hash = hashOf(bytes, begin, at);
      let word = words.find(bytes, begin, at, hash);
      if (word < 0) word = words.add(bytes, begin, at, hash);
      if (word >= counts.length) {
        const larger = new Float64Array(counts.length * 2);
        larger.set(counts);
        counts = larger;
      }
      counts[word]!++;
    }
  }
  if (words.count === 0)
    throw new TokenizerError('TOKENIZER_TRAINING', 'there is no text to train a tokenizer on');
  return { words, counts: counts.slice(0, words.count) };
}
