import { type DoubleArray, longestMatch, rootOf, valueAt, walk } from '../double-array';
import { characterBytes } from '../utf8';
import { pieceType, type TokenizerModel } from '../vocabulary';
import { PairQueue } from './pair-queue';
import { pieceTrie } from './piece-trie';
import type { Segmenter } from './segmenter';
import type { Tokens } from './tokens';

/** Symbols that the buffers are kept for. */
const KEPT = 2 ** 16;

/** A symbol: the id of its piece, −1 for a character that is none, and how many bytes it has. */
interface Part {
  readonly id: number;
  readonly bytes: number;
}

/**
 * Byte-pair encoding (Sennrich et al. 2016) as SentencePiece does it: the text begins as characters; of all
 * neighbours that together are a piece, those whose piece has the greatest score are joined first, the
 * leftmost of equals, until none are left.
 *
 * ```
 *    ▁ h u g s          best pair  u g
 *    ▁ h ug s                      h ug
 *    ▁ hug s                       ▁ hug
 *    ▁hug s             "▁hugs" is no piece: done
 * ```
 *
 * A queue of candidate pairs makes it n log n.
 */
export class Merges implements Segmenter {
  readonly margin = Number.POSITIVE_INFINITY;
  readonly #trie: DoubleArray;
  readonly #types: Uint8Array;
  readonly #unknown: number;
  /** User-defined pieces, which are found first and never joined; undefined where there are none. */
  readonly #symbols: DoubleArray | undefined;
  readonly #queue: PairQueue;
  /** The two symbols that each unused piece was last made of, to undo it. */
  readonly #parts = new Map<number, readonly [Part, Part]>();

  // The symbols of the text at hand, a chain; the right one of a joined pair is left out of it.
  #begin = new Int32Array(64);
  #previous = new Int32Array(64);
  #next = new Int32Array(64);
  #id = new Int32Array(64);
  /** Where in the trie the symbol leads; −1: no piece goes on from it. */
  #place = new Int32Array(64);
  /** 1: may be joined. 0: user-defined, or joined to its left neighbour already. */
  #open = new Uint8Array(64);

  constructor({ pieces, special }: TokenizerModel) {
    this.#trie = pieceTrie(pieces);
    this.#types = Uint8Array.from(pieces, ({ type }) => type);
    this.#unknown = special.unk;
    if (this.#types.includes(pieceType.userDefined))
      this.#symbols = pieceTrie(pieces, [pieceType.userDefined]);
    this.#queue = new PairQueue(Float32Array.from(pieces, ({ score }) => score));
  }

  segment(bytes: Uint8Array, begin: number, end: number, base: number, tokens: Tokens): number {
    this.#merge(bytes, begin, end, tokens);
    return base;
  }

  /**
   * As `segment` for a whole text, but a join is left out where `skip` says so (BPE-dropout, Provilkov et al.
   * 2020).
   */
  segmentWithDropout(bytes: Uint8Array, end: number, skip: () => boolean, tokens: Tokens): void {
    this.#merge(bytes, 0, end, tokens, skip);
  }

  #merge(bytes: Uint8Array, begin: number, end: number, tokens: Tokens, skip?: () => boolean): void {
    if (begin === end) return;
    const count = this.#split(bytes, begin, end);
    const [next, previous, open, queue] = [this.#next, this.#previous, this.#open, this.#queue];
    this.#parts.clear();
    for (let i = 1; i < count; i++) this.#propose(bytes, end, i - 1, i);
    while (queue.take()) {
      const { left, piece, bytes: size } = queue;
      const right = next[left]!;
      if (open[left] === 0 || right < 0 || this.#endOf(right, end) - this.#begin[left]! !== size) continue;
      if (skip?.()) continue;
      this.#id[left] = piece;
      this.#place[left] = walk(
        this.#trie,
        this.#place[left]!,
        bytes,
        this.#begin[right]!,
        this.#endOf(right, end),
      );
      open[right] = 0;
      const after = (next[left] = next[right]!);
      if (after >= 0) previous[after] = left;
      this.#propose(bytes, end, previous[left]!, left);
      this.#propose(bytes, end, left, after);
    }
    for (let at = 0; at >= 0; at = next[at]!) {
      const from = this.#begin[at]!;
      this.#emit({ id: this.#id[at]!, bytes: this.#endOf(at, end) - from }, from, tokens);
    }
    if (this.#begin.length > KEPT) this.#allocate(64);
    queue.shrink(KEPT);
  }

  /** Makes the chain of characters and user-defined pieces; returns how many they are. */
  #split(bytes: Uint8Array, begin: number, end: number): number {
    if (this.#begin.length < end - begin) this.#allocate(Math.max(64, end - begin));
    const root = rootOf(this.#trie);
    let count = 0;
    for (let at = begin; at < end; count++) {
      let to = this.#symbols === undefined ? at : at + longestMatch(this.#symbols, bytes, at, end);
      this.#open[count] = to > at ? 0 : 1;
      if (to === at) to = Math.min(at + characterBytes(bytes[at]!), end);
      this.#begin[count] = at;
      this.#previous[count] = count - 1;
      this.#next[count] = to < end ? count + 1 : -1;
      this.#id[count] = this.#find(bytes, at, to, root);
      this.#place[count] = walk(this.#trie, root, bytes, at, to);
      at = to;
    }
    return count;
  }

  /** Queues two neighbours if they are a piece together. */
  #propose(bytes: Uint8Array, end: number, left: number, right: number): void {
    if (left < 0 || right < 0 || this.#open[left] === 0 || this.#open[right] === 0) return;
    const from = this.#begin[right]!;
    const to = this.#endOf(right, end);
    const piece = this.#find(bytes, from, to, this.#place[left]!);
    if (piece < 0) return;
    const size = to - this.#begin[left]!;
    this.#queue.push(left, piece, size);
    if (this.#types[piece] === pieceType.unused)
      this.#parts.set(piece, [
        { id: this.#id[left]!, bytes: size - (to - from) },
        { id: this.#id[right]!, bytes: to - from },
      ]);
  }

  /** An unused piece is undone into its parts, and those into theirs. */
  #emit(symbol: Part, begin: number, tokens: Tokens): void {
    const stack = [symbol];
    let at = begin;
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const parts = this.#parts.get(next.id);
      if (parts !== undefined) {
        stack.push(parts[1], parts[0]);
        continue;
      }
      at += next.bytes;
      if (next.id < 0) tokens.unknown++;
      tokens.push(next.id < 0 ? this.#unknown : next.id, at);
    }
  }

  #endOf(symbol: number, end: number): number {
    const next = this.#next[symbol]!;
    return next < 0 ? end : this.#begin[next]!;
  }

  /** The piece that these bytes lead to from `start`, or −1. */
  #find(bytes: Uint8Array, from: number, to: number, start: number): number {
    const place = walk(this.#trie, start, bytes, from, to - 1);
    return place < 0 ? -1 : valueAt(this.#trie, place, bytes[to - 1]!);
  }

  #allocate(size: number): void {
    this.#begin = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#next = new Int32Array(size);
    this.#id = new Int32Array(size);
    this.#place = new Int32Array(size);
    this.#open = new Uint8Array(size);
  }
}
