import { SPACE } from '../vocabulary';

/** Characters of the longest piece, as in the original. */
const MAX_CHARACTERS = 16;
const MAX_SEEDS = 1_000_000;

/** Scripts of which a piece holds one; Japanese writes with three at once. Digits and signs are classes of their own. */
const CLASSES = [
  /\p{Nd}/u,
  /\p{Script=Latin}/u,
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc]/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Devanagari}/u,
  /\p{Script=Hangul}/u,
  /\p{Script=Thai}/u,
  /\p{L}/u,
];
/** Goes with any class: combining marks and the space at the beginning. */
const ANY = -1;

/**
 * The substrings of the words that may become pieces: all characters, and what occurs twice or more, stays inside one script
 * and has at most 16 characters. With their number of occurrences; those that cover most text first.
 */
export function seedPieces(words: ReadonlyMap<string, number>): Map<string, number> {
  const characters = new Map<string, number>();
  const substrings = new Map<string, number>();
  const classes = new Map<string, number>();
  for (const [word, count] of words) {
    const letters = [...word];
    const kinds = letters.map(letter => {
      let kind = classes.get(letter);
      if (kind === undefined) classes.set(letter, (kind = classOf(letter)));
      return kind;
    });
    for (let begin = 0; begin < letters.length; begin++) {
      let piece = letters[begin]!;
      let kind = kinds[begin]!;
      characters.set(piece, (characters.get(piece) ?? 0) + count);
      const end = Math.min(letters.length, begin + MAX_CHARACTERS);
      for (let at = begin + 1; at < end; at++) {
        const next = kinds[at]!;
        if (letters[at] === SPACE || (kind !== ANY && next !== ANY && next !== kind)) break;
        if (next !== ANY) kind = next;
        piece += letters[at]!;
        substrings.set(piece, (substrings.get(piece) ?? 0) + count);
      }
    }
  }
  const repeated = [...substrings].filter(([, count]) => count >= 2);
  repeated.sort(([a, m], [b, n]) => n * b.length - m * a.length || (a < b ? -1 : 1));
  return new Map([...characters, ...repeated.slice(0, MAX_SEEDS)]);
}

function classOf(character: string): number {
  if (character === SPACE || /\p{M}/u.test(character)) return ANY;
  const found = CLASSES.findIndex(pattern => pattern.test(character));
  return found < 0 ? CLASSES.length : found;
}
