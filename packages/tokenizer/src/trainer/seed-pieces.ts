import type { Corpus } from './corpus';
import { joinedScript, scriptOf } from './script';
import { commonPrefixes, suffixArray } from './suffix-array';

/** Substrings that training begins with, as in the original; single characters come on top. */
const MOST_SEEDS = 1_000_000;

/** Pieces 0 … characters − 1 are the characters of the corpus; the others are substrings of its words. */
export interface SeedPieces {
  /** How often each piece occurs. */
  readonly frequencies: Float64Array;
  /** Characters of each piece. */
  readonly lengths: Uint8Array;
  /** A place in the corpus where each piece stands. */
  readonly places: Int32Array;
  /**
   * Of each place of the corpus, the pieces that begin there: `pieces[starts[place]] … pieces[starts[place +
   * 1] − 1]`.
   */
  readonly starts: Int32Array;
  readonly pieces: Int32Array;
}

/**
 * The substrings that may become pieces: those of one script that occur twice or more and that are followed
 * by different characters, which are the inner nodes of the suffix tree (Kudo 2018, section 3.2), and whole
 * words. Of more than a million, those that cover most text.
 */
export function seedPieces(corpus: Corpus, maxLength: number): SeedPieces {
  const { text, characters } = corpus;
  const order = suffixArray(text, characters.length + 1, maxLength);
  const found = intervals(corpus, order, maxLength);
  const count = characters.length + found.length;
  const frequencies = new Float64Array(count);
  const lengths = new Uint8Array(count).fill(1, 0, characters.length);
  const places = new Int32Array(count);
  frequencies.set(corpus.characterCounts);
  for (let place = 0; place < text.length; place++) if (text[place]! > 0) places[text[place]! - 1] = place;
  // The pieces of each place, counted, then filled in.
  const starts = new Int32Array(text.length + 1);
  for (let place = 0; place < text.length; place++) starts[place + 1] = text[place]! > 0 ? 1 : 0;
  for (const { begin, end } of found) for (let i = begin; i < end; i++) starts[order[i]! + 1]!++;
  for (let place = 0; place < text.length; place++) starts[place + 1]! += starts[place]!;
  const pieces = new Int32Array(starts[text.length]!);
  const next = starts.slice();
  for (let place = 0; place < text.length; place++)
    if (text[place]! > 0) pieces[next[place]!++] = text[place]! - 1;
  for (const [i, { begin, end, length, frequency }] of found.entries()) {
    const piece = characters.length + i;
    frequencies[piece] = frequency;
    lengths[piece] = length;
    places[piece] = order[begin]!;
    for (let k = begin; k < end; k++) pieces[next[order[k]!]!++] = piece;
  }
  return { frequencies, lengths, places, starts, pieces };
}

/** The occurrences of a substring: the places `order[begin … end)`. */
interface Interval {
  readonly begin: number;
  readonly end: number;
  readonly length: number;
  readonly frequency: number;
}

/**
 * Walks over the inner nodes of the suffix tree: a stack of those that are open, each with where it begins.
 */
function intervals(corpus: Corpus, order: Int32Array, maxLength: number): Interval[] {
  const { text, starts, counts } = corpus;
  const shared = commonPrefixes(text, order, maxLength);
  const longest = longestPieces(corpus, maxLength);
  const wordAt = new Int32Array(text.length);
  for (let word = 0; word < counts.length; word++) wordAt.fill(word, starts[word]!, starts[word + 1]!);
  /** How often all places before the i-th of the order occur. */
  const sums = new Float64Array(order.length + 1);
  for (let i = 0; i < order.length; i++) sums[i + 1] = sums[i]! + counts[wordAt[order[i]!]!]!;
  const found: Interval[] = [];
  const add = (begin: number, end: number, length: number) => {
    const frequency = sums[end]! - sums[begin]!;
    if (length >= 2 && length <= longest[order[begin]!]! && frequency >= 2)
      found.push({ begin, end, length, frequency });
  };
  const open: { begin: number; length: number }[] = [];
  for (let i = 1; i <= order.length; i++) {
    const length = i < order.length ? shared[i]! : 0;
    // A word that is the beginning of no other is no inner node, but may well be a piece.
    const place = order[i - 1]!;
    const word = wordAt[place]!;
    const wordLength = starts[word + 1]! - 1 - place;
    if (place === starts[word] && wordLength > Math.max(shared[i - 1]!, length)) add(i - 1, i, wordLength);
    let begin = i - 1;
    while (open.length > 0 && open[open.length - 1]!.length > length) {
      const node = open.pop()!;
      add(node.begin, i, node.length);
      begin = node.begin;
    }
    if (length > 0 && (open.length === 0 || open[open.length - 1]!.length < length))
      open.push({ begin, length });
  }
  return mostCovering(found);
}

function mostCovering(found: Interval[]): Interval[] {
  if (found.length <= MOST_SEEDS) return found;
  const covers = Float64Array.from(found, ({ frequency, length }) => frequency * length).sort();
  const least = covers[covers.length - MOST_SEEDS]!;
  // Of those at the limit, the first ones.
  let atLimit = MOST_SEEDS - covers.reduce((more, cover) => more + (cover > least ? 1 : 0), 0);
  return found.filter(({ frequency, length }) => {
    const cover = frequency * length;
    return cover > least || (cover === least && atLimit-- > 0);
  });
}

/**
 * How many characters a piece may have that begins at each place, so that it stays in its word and in one
 * script.
 */
function longestPieces({ text, characters }: Corpus, maxLength: number): Uint8Array {
  const scripts = [-1, ...characters.map(scriptOf)];
  const longest = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) {
    let script = scripts[text[place]!]!;
    let length = 0;
    while (script >= 0 && length < maxLength) {
      length++;
      const next = scripts[text[place + length] ?? 0]!;
      script = next < 0 ? -1 : joinedScript(script, next);
    }
    longest[place] = length;
  }
  return longest;
}
