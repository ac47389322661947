import { pieceType, SPACE, type TokenizerModel } from '../vocabulary';
import type { Segmenter } from './segmenter';
import type { Tokens } from './tokens';
import { WordScanner } from './word-scanner';
import { NOTES, RECORD, WordTable } from './word-table';

/** Words longer than this many bytes are not remembered. */
const LONGEST = 64;
// What is noted of a word: its pieces from one place to another, how narrowly they were chosen, how many are
// the unknown token.
const FROM = NOTES;
const TO = NOTES + 1;
const MARGIN = NOTES + 2;
const UNKNOWN = NOTES + 3;
/** When so many words are remembered, all are forgotten, so that memory is bounded. */
const MOST_WORDS = 65_536;

/**
 * Segments word by word and remembers words: in running text nearly every word was met before. That gives
 * what segmenting the whole text gives, because no piece reaches over the beginning of a word, and because a
 * word is only taken from memory where the sums of scores of the text before it cannot change, by rounding,
 * how it is cut.
 */
export class WordSegmenter {
  readonly #segmenter: Segmenter;
  /** What is summed: scores of unigram pieces; BPE sums nothing. */
  readonly #scores: Float64Array;
  readonly #scanner: WordScanner;
  readonly #words = new WordTable();
  // Pieces of all words; their ends count from the word's beginning.
  #ids = new Int32Array(2048);
  #ends = new Uint8Array(2048);
  #used = 0;
  /** To keep float32 numbers in records of int32. */
  readonly #float = new Float32Array(1);
  readonly #bits = new Int32Array(this.#float.buffer);

  constructor(segmenter: Segmenter, model: TokenizerModel, scores?: Float64Array) {
    this.#segmenter = segmenter;
    this.#scores = scores ?? new Float64Array(model.pieces.length);
    this.#scanner = new WordScanner(model.whitespaceSuffix);
  }

  /** Appends the pieces of `bytes[0 … end)`. */
  segment(bytes: Uint8Array, end: number, tokens: Tokens): void {
    // A piece has a byte or more.
    tokens.reserve(end);
    let base = 0;
    for (let begin = 0; begin < end; ) {
      const next = this.#scanner.next(bytes, begin, end);
      base = this.#word(bytes, begin, next, this.#scanner.hash, base, tokens);
      begin = next;
    }
  }

  #word(bytes: Uint8Array, begin: number, end: number, hash: number, base: number, tokens: Tokens): number {
    const length = end - begin;
    if (length > LONGEST) return this.#segmenter.segment(bytes, begin, end, base, tokens);
    let word = this.#words.find(bytes, begin, end, hash);
    if (word < 0) word = this.#learn(bytes, begin, end, hash, tokens);
    const { records } = this.#words;
    const { ids, ends } = tokens;
    const scores = this.#scores;
    const to = records[word * RECORD + TO]!;
    let count = tokens.count;
    let sum = base;
    for (let i = records[word * RECORD + FROM]!; i < to; i++) {
      const id = this.#ids[i]!;
      ids[count] = id;
      ends[count++] = begin + this.#ends[i]!;
      sum = Math.fround(sum + scores[id]!);
    }
    // Both ways to a place are sums of at most `length` scores, each rounded to 24 bits at the size of the
    // whole sum.
    this.#bits[0] = records[word * RECORD + MARGIN]!;
    if (this.#float[0]! <= (length + 1) * 2 ** -21 * Math.abs(sum))
      return this.#segmenter.segment(bytes, begin, end, base, tokens);
    tokens.count = count;
    tokens.unknown += records[word * RECORD + UNKNOWN]!;
    return sum;
  }

  /** Segments a word by itself and remembers it. */
  #learn(bytes: Uint8Array, begin: number, end: number, hash: number, tokens: Tokens): number {
    if (this.#words.count >= MOST_WORDS) {
      this.#words.clear();
      this.#used = 0;
    }
    const { count, unknown } = tokens;
    this.#segmenter.segment(bytes, begin, end, 0, tokens);
    this.#reserve(tokens.count - count);
    const word = this.#words.add(bytes, begin, end, hash);
    const { records } = this.#words;
    records[word * RECORD + FROM] = this.#used;
    for (let i = count; i < tokens.count; i++) {
      this.#ids[this.#used] = tokens.ids[i]!;
      this.#ends[this.#used++] = tokens.ends[i]! - begin;
    }
    records[word * RECORD + TO] = this.#used;
    this.#float[0] = this.#segmenter.margin;
    records[word * RECORD + MARGIN] = this.#bits[0]!;
    records[word * RECORD + UNKNOWN] = tokens.unknown - unknown;
    tokens.count = count;
    tokens.unknown = unknown;
    return word;
  }

  #reserve(pieces: number): void {
    if (this.#used + pieces <= this.#ids.length) return;
    const [ids, ends] = [this.#ids, this.#ends];
    this.#ids = new Int32Array(ids.length * 2 + pieces);
    this.#ends = new Uint8Array(this.#ids.length);
    this.#ids.set(ids);
    this.#ends.set(ends);
  }
}

/** Whether no piece reaches over the beginning of a word, so that words can be segmented one by one. */
export function wordsStandAlone({ pieces, whitespaceSuffix }: TokenizerModel): boolean {
  const inside = whitespaceSuffix
    ? new RegExp(`${SPACE}[^${SPACE}]`, 'u')
    : new RegExp(`[^${SPACE}]${SPACE}`, 'u');
  return pieces.every(
    ({ text, type }) =>
      // How an unused piece is undone depends on the whole text.
      type !== pieceType.unused &&
      ((type !== pieceType.normal && type !== pieceType.userDefined) || !inside.test(text)),
  );
}
