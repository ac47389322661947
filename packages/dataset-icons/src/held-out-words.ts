import { wordsOf } from '@simvlm/dataset-emoji';

/**
 * Whether texts say what the emoji are tested on: a held-out label word by word, or all words of a held-out concept in any order, also in the
 * plural or written together. `bulb light`, `light-bulbs` and `lightbulb` all say "light bulb".
 *
 * @param labels of which no text may hold the words in a row
 * @param concepts those of which no text may hold all words
 */
export function heldOutWords(
  labels: readonly string[],
  concepts: readonly string[],
): (texts: readonly string[]) => boolean {
  const phrases = new Set([...labels, ...concepts].map(label => plainWords(label).join('')));
  const longest = Math.max(0, ...[...phrases].map(({ length }) => length));
  const byWord = new Map<string, string[][]>();
  for (const concept of concepts) {
    const words = plainWords(concept);
    // The rarest word would be the best one to ask for first; the longest is nearly as good.
    const first = words.reduce((long, word) => (word.length > long.length ? word : long), '');
    byWord.set(first, [...(byWord.get(first) ?? []), words]);
  }
  return texts => {
    const lists = texts.map(plainWords);
    const all = new Set(lists.flat());
    for (const word of all)
      if (byWord.get(word)?.some(concept => concept.every(each => all.has(each)))) return true;
    return lists.some(words => words.some((_, from) => startsPhrase(words, from, phrases, longest)));
  };
}

/** Whether words in a row, written together, are one of the phrases. */
function startsPhrase(
  words: readonly string[],
  from: number,
  phrases: ReadonlySet<string>,
  longest: number,
): boolean {
  let joined = '';
  for (let to = from; to < words.length && joined.length <= longest; to++) {
    joined += words[to];
    if (phrases.has(joined)) return true;
  }
  return false;
}

/** Words in the singular, as far as an ending tells it. */
function plainWords(text: string): string[] {
  const apart = text.replace(/['’]/g, '').replace(/([a-z])([A-Z])/g, '$1 $2');
  return wordsOf(apart).map(word => (/[^s]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word));
}
