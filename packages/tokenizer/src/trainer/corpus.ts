import { TokenizerError } from '@simvlm/core';
import { longestMatch } from '../double-array';
import { Normalizer } from '../normalizer/normalizer';
import { WordScanner } from '../segment/word-scanner';
import { WordTable } from '../segment/word-table';
import { textTrie } from '../text-trie';
import { textOf, Utf8Source } from '../utf8';
import type { NormalizerSettings, Piece } from '../vocabulary';
import type { CheckedOptions } from './options';
import { sampledLines } from './sampled-lines';

/**
 * Longer words, as in writing without spaces, are cut: a piece has 64 characters at most, so little is lost
 * at a cut.
 */
const LONGEST_WORD = 256;

/** What training needs of a text: its different words as numbers, and how often each occurs. */
export interface Corpus {
  /**
   * The characters that get a piece of their own, the most frequent first; symbol s is `characters[s − 1]`.
   */
  readonly characters: readonly string[];
  /** How often each of them occurs. */
  readonly characterCounts: readonly number[];
  /** All words one after the other, as symbols ≥ 1, a 0 behind each. */
  readonly text: Int32Array;
  /** Where each word begins in `text`; one more for the end. */
  readonly starts: Int32Array;
  /** How often each word occurs. */
  readonly counts: Float64Array;
}

/**
 * Reads the lines once. Memory grows with the different words, not with the length of the text.
 *
 * @throws TokenizerError when there is no text
 */
export async function readCorpus(
  lines: Iterable<string> | AsyncIterable<string>,
  settings: NormalizerSettings,
  fixed: readonly Piece[],
  options: CheckedOptions,
): Promise<Corpus> {
  const words = new WordTable();
  let counts = new Float64Array(1024);
  const source = new Utf8Source();
  const symbols = textTrie(fixed.map(({ text }) => text));
  const normalizer = new Normalizer(settings, options.userDefinedSymbols);
  const scanner = new WordScanner(false);
  const count = (bytes: Uint8Array, begin: number, end: number) => {
    for (let at = begin; at < end; ) {
      const next = scanner.next(bytes, at, end);
      let word = words.find(bytes, at, next, scanner.hash);
      if (word < 0) word = words.add(bytes, at, next, scanner.hash);
      if (word >= counts.length) {
        const larger = new Float64Array(counts.length * 2);
        larger.set(counts);
        counts = larger;
      }
      counts[word]!++;
      at = next;
    }
  };
  for await (const line of sampledLines(lines, options)) {
    source.write(line);
    normalizer.normalize(source.bytes, source.length);
    const { bytes, length } = normalizer;
    // Pieces that are there already are never joined to their neighbours: words end and begin at them.
    let begin = 0;
    for (let at = 0; at < length; ) {
      const found = longestMatch(symbols, bytes, at, length);
      if (found > 0) {
        count(bytes, begin, at);
        begin = at + found;
      }
      at += Math.max(found, 1);
    }
    count(bytes, begin, length);
  }
  if (words.count === 0)
    throw new TokenizerError('TOKENIZER_TRAINING', 'there is no text to train a tokenizer on');
  return numbered(words, counts, options.characterCoverage);
}

/** Words as numbers; they are cut at characters that are not covered. */
function numbered(words: WordTable, counts: Float64Array, coverage: number): Corpus {
  const frequencies = new Map<string, number>();
  let total = 0;
  const wordText = (word: number) => textOf(words.bytes, ...words.rangeOf(word));
  for (let word = 0; word < words.count; word++)
    for (const character of wordText(word)) {
      frequencies.set(character, (frequencies.get(character) ?? 0) + counts[word]!);
      total += counts[word]!;
    }
  // A zero byte ends a piece in the original, and cannot be part of one.
  frequencies.delete('\0');
  const characters: string[] = [];
  let covered = 0;
  for (const [character, count] of [...frequencies].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))) {
    if (covered >= coverage * total) break;
    characters.push(character);
    covered += count;
  }
  const symbolOf = new Map(characters.map((character, i) => [character, i + 1]));
  // Bytes are more than characters, and every word but an empty run has one end.
  const text = new Int32Array(words.rangeOf(words.count - 1)[1] * 2 + 1);
  const starts: number[] = [0];
  const wordCounts: number[] = [];
  let end = 0;
  for (let word = 0; word < words.count; word++) {
    const close = () => {
      const start = starts[starts.length - 1]!;
      if (end === start) return;
      text[end++] = 0;
      starts.push(end);
      wordCounts.push(counts[word]!);
    };
    for (const character of wordText(word)) {
      const symbol = symbolOf.get(character);
      if (symbol === undefined || end - starts[starts.length - 1]! >= LONGEST_WORD) close();
      if (symbol !== undefined) text[end++] = symbol;
    }
    close();
  }
  return {
    characters,
    characterCounts: characters.map(character => frequencies.get(character)!),
    text: text.slice(0, end),
    starts: Int32Array.from(starts),
    counts: Float64Array.from(wordCounts),
  };
}
