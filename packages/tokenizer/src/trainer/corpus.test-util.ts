import type { Corpus } from './corpus';

/** The corpus of these words and how often each occurs, as `readCorpus` makes it: the most frequent character first. */
export function corpusOf(words: Readonly<Record<string, number>>): Corpus {
  const frequencies = new Map<string, number>();
  for (const [word, count] of Object.entries(words))
    for (const character of word) frequencies.set(character, (frequencies.get(character) ?? 0) + count);
  const characters = [...frequencies.keys()].sort((a, b) => frequencies.get(b)! - frequencies.get(a)!);
  const text: number[] = [];
  const starts = [0];
  for (const word of Object.keys(words)) {
    for (const character of word) text.push(characters.indexOf(character) + 1);
    starts.push(text.push(0));
  }
  return {
    characters,
    characterCounts: characters.map(character => frequencies.get(character)!),
    text: Int32Array.from(text),
    starts: Int32Array.from(starts),
    counts: Float64Array.from(Object.values(words)),
  };
}

/** The text of symbols that stand in a corpus. */
export function textAt({ text, characters }: Corpus, place: number, length: number): string {
  return Array.from(text.subarray(place, place + length), symbol => characters[symbol - 1] ?? '|').join('');
}

/** The words of a corpus, and how often each occurs. */
export function wordsOf(corpus: Corpus): Record<string, number> {
  const words: Record<string, number> = {};
  for (const [word, count] of corpus.counts.entries()) {
    const [begin, end] = [corpus.starts[word]!, corpus.starts[word + 1]! - 1];
    const text = textAt(corpus, begin, end - begin);
    words[text] = (words[text] ?? 0) + count;
  }
  return words;
}
