import { characterLength } from '../segmenter';
import { Trie } from '../trie';

/** A character without a piece scores this much below the worst piece, as in the original. */
const UNKNOWN_PENALTY = 10;

/**
 * All segmentations of a word into pieces, as a graph: nodes are places between characters, edges are pieces. A character
 * without a piece is an edge of its own (id −1), so that every word has a segmentation.
 */
export class Lattice {
  readonly #trie: Trie;
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  // The edges of the word at hand, ordered by where they begin; every edge of a place comes after all that end there.
  #count = 0;
  #begin = new Int32Array(256);
  #end = new Int32Array(256);
  #id = new Int32Array(256);
  #alpha = new Float64Array(64);
  #beta = new Float64Array(64);
  #via = new Int32Array(64);

  constructor(texts: readonly string[], scores: Float64Array) {
    this.#trie = new Trie(texts.length * 4);
    for (const [id, text] of texts.entries()) this.#trie.set(text, id);
    this.#scores = scores;
    this.#unknownScore = scores.reduce((least, score) => Math.min(least, score), 0) - UNKNOWN_PENALTY;
  }

  /**
   * Adds to `expected[id]` how often each piece occurs in `word` on average over all segmentations, times `weight`.
   *
   * @returns log P(word), the sum over all segmentations
   */
  addExpectedCounts(word: string, weight: number, expected: Float64Array): number {
    this.#build(word);
    const [alpha, beta] = [this.#alpha, this.#beta];
    alpha.fill(Number.NEGATIVE_INFINITY, 0, word.length + 1);
    beta.fill(Number.NEGATIVE_INFINITY, 0, word.length + 1);
    alpha[0] = 0;
    beta[word.length] = 0;
    for (let edge = 0; edge < this.#count; edge++) {
      const end = this.#end[edge]!;
      alpha[end] = logAdd(alpha[end]!, alpha[this.#begin[edge]!]! + this.#score(edge));
    }
    for (let edge = this.#count - 1; edge >= 0; edge--) {
      const begin = this.#begin[edge]!;
      beta[begin] = logAdd(beta[begin]!, beta[this.#end[edge]!]! + this.#score(edge));
    }
    const total = alpha[word.length]!;
    for (let edge = 0; edge < this.#count; edge++) {
      const id = this.#id[edge]!;
      if (id < 0) continue;
      const log = alpha[this.#begin[edge]!]! + this.#score(edge) + beta[this.#end[edge]!]! - total;
      expected[id]! += weight * Math.exp(log);
    }
    return total;
  }

  /** Ids of the likeliest segmentation that does not use the piece `without`; −1 for characters that have no piece. */
  best(word: string, without = -2): number[] {
    this.#build(word);
    const [alpha, via] = [this.#alpha, this.#via];
    alpha.fill(Number.NEGATIVE_INFINITY, 0, word.length + 1);
    alpha[0] = 0;
    for (let edge = 0; edge < this.#count; edge++) {
      if (this.#id[edge] === without) continue;
      const end = this.#end[edge]!;
      const score = alpha[this.#begin[edge]!]! + this.#score(edge);
      if (score > alpha[end]!) {
        alpha[end] = score;
        via[end] = edge;
      }
    }
    const ids: number[] = [];
    if (alpha[word.length] === Number.NEGATIVE_INFINITY) return ids;
    for (let end = word.length; end > 0; end = this.#begin[via[end]!]!) ids.push(this.#id[via[end]!]!);
    return ids.reverse();
  }

  #score(edge: number): number {
    const id = this.#id[edge]!;
    return id < 0 ? this.#unknownScore : this.#scores[id]!;
  }

  #build(word: string): void {
    this.#reserve(word.length);
    this.#count = 0;
    for (let begin = 0; begin < word.length; ) {
      const next = begin + characterLength(word, begin);
      let single = false;
      let node = this.#trie.child(Trie.root, word.charCodeAt(begin));
      for (let end = begin + 1; node >= 0; end++) {
        const id = this.#trie.value(node);
        if (id >= 0) {
          this.#push(begin, end, id);
          if (end === next) single = true;
        }
        node = end < word.length ? this.#trie.child(node, word.charCodeAt(end)) : -1;
      }
      if (!single) this.#push(begin, next, -1);
      begin = next;
    }
  }

  #push(begin: number, end: number, id: number): void {
    if (this.#count === this.#begin.length) {
      this.#begin = grown(this.#begin);
      this.#end = grown(this.#end);
      this.#id = grown(this.#id);
    }
    this.#begin[this.#count] = begin;
    this.#end[this.#count] = end;
    this.#id[this.#count++] = id;
  }

  #reserve(length: number): void {
    if (this.#alpha.length > length) return;
    this.#alpha = new Float64Array(length * 2);
    this.#beta = new Float64Array(length * 2);
    this.#via = new Int32Array(length * 2);
  }
}

function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
