import { TokenizerError } from '@simvlm/core';
import { normalize } from '../normalize';
import { type NormalizerSettings, SPACE } from '../vocabulary';

/** What training needs of a text: how often each word occurs, and the characters that must have a piece. */
export interface Corpus {
  /** Normalised words, each with its leading U+2581, and how often they occur. */
  readonly words: ReadonlyMap<string, number>;
  /** Characters that get a piece of their own, the most frequent first. */
  readonly characters: readonly string[];
}

export interface CorpusOptions {
  readonly normalizer: NormalizerSettings;
  /** Share of all characters in the text that `characters` covers, in (0, 1]. */
  readonly characterCoverage: number;
  /** Texts that stay whole: words are cut apart at them, and learn nothing from them. */
  readonly userDefinedSymbols: readonly string[];
}

/** Reads the lines once. Memory grows with the number of different words, not with the length of the text. */
export async function readCorpus(
  lines: Iterable<string> | AsyncIterable<string>,
  { normalizer, characterCoverage, userDefinedSymbols }: CorpusOptions,
): Promise<Corpus> {
  const counts = new Map<string, number>();
  const symbols = longestFirst(userDefinedSymbols);
  for await (const line of lines) {
    const text = normalize(line, normalizer);
    for (const part of symbols ? text.split(symbols) : [text]) countWords(part, counts);
  }
  if (counts.size === 0)
    throw new TokenizerError('TOKENIZER_TRAINING', 'there is no text to train a tokenizer on');
  const characters = coveredCharacters(counts, characterCoverage);
  return { words: withoutRare(counts, new Set(characters)), characters };
}

function countWords(text: string, counts: Map<string, number>): void {
  for (let begin = 0; begin < text.length; ) {
    const next = text.indexOf(SPACE, begin + 1);
    const end = next < 0 ? text.length : next;
    const word = text.slice(begin, end);
    counts.set(word, (counts.get(word) ?? 0) + 1);
    begin = end;
  }
}

function coveredCharacters(words: ReadonlyMap<string, number>, coverage: number): string[] {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [word, count] of words)
    for (const character of word) {
      counts.set(character, (counts.get(character) ?? 0) + count);
      total += count;
    }
  const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const covered: string[] = [];
  let sum = 0;
  for (const [character, count] of ordered) {
    if (sum >= coverage * total) break;
    covered.push(character);
    sum += count;
  }
  return covered;
}

/** Cuts words apart at characters that are not covered. */
function withoutRare(counts: ReadonlyMap<string, number>, covered: ReadonlySet<string>): Map<string, number> {
  const words = new Map<string, number>();
  const add = (word: string, count: number) => {
    if (word !== '') words.set(word, (words.get(word) ?? 0) + count);
  };
  for (const [word, count] of counts) {
    let run = '';
    for (const character of word) {
      if (covered.has(character)) run += character;
      else {
        add(run, count);
        run = '';
      }
    }
    add(run, count);
  }
  return words;
}

function longestFirst(symbols: readonly string[]): RegExp | undefined {
  if (symbols.length === 0) return undefined;
  const escaped = [...symbols]
    .sort((a, b) => b.length - a.length)
    .map(symbol => symbol.replaceAll(' ', SPACE).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(escaped.join('|'), 'u');
}
