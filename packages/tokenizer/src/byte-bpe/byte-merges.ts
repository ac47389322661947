import { PairQueue } from '../segment/pair-queue';
import type { Ids } from '../subword/ids';
import type { MergeTable } from './merge-table';

/** Words of more symbols are joined with a queue: searching all pairs each time is quadratic. */
const SHORT = 40;
/** No pair is joined. */
const NONE = 0x7fffffff;

/** Joins the symbols of a word: of all neighbours the pair of the lowest rank first, the leftmost of equals. */
export class ByteMerges {
  readonly #table: MergeTable;
  readonly #symbols = new Int32Array(SHORT);
  readonly #ranks = new Int32Array(SHORT);
  readonly #queue: PairQueue;

  constructor(table: MergeTable) {
    this.#table = table;
    this.#queue = new PairQueue(Float32Array.from(table.products, (_, rank) => -rank));
  }

  /** @param symbols ids of the word's bytes; those of its pieces are appended to `ids` */
  join(symbols: Int32Array, ids: Ids): void {
    if (symbols.length <= SHORT) this.#joinShort(symbols, ids);
    else this.#joinLong(symbols, ids);
  }

  #joinShort(word: Int32Array, ids: Ids): void {
    const [symbols, ranks, table] = [this.#symbols, this.#ranks, this.#table];
    let count = word.length;
    symbols.set(word);
    const rank = (at: number) => {
      const found = at + 1 < count ? table.rankOf(symbols[at]!, symbols[at + 1]!) : -1;
      return found < 0 ? NONE : found;
    };
    for (let i = 0; i < count; i++) ranks[i] = rank(i);
    for (;;) {
      let best = NONE;
      let place = 0;
      for (let i = 0; i < count - 1; i++)
        if (ranks[i]! < best) {
          best = ranks[i]!;
          place = i;
        }
      if (best === NONE) break;
      symbols[place] = table.products[best]!;
      count--;
      for (let i = place + 1; i < count; i++) {
        symbols[i] = symbols[i + 1]!;
        ranks[i] = ranks[i + 1]!;
      }
      ranks[place] = rank(place);
      if (place > 0) ranks[place - 1] = rank(place - 1);
    }
    for (let i = 0; i < count; i++) ids.push(symbols[i]!);
  }

  #joinLong(symbols: Int32Array, ids: Ids): void {
    const [queue, table] = [this.#queue, this.#table];
    const count = symbols.length;
    const previous = Int32Array.from(symbols, (_, i) => i - 1);
    const next = Int32Array.from(symbols, (_, i) => i + 1);
    /** −1: joined to its left neighbour. */
    const current = symbols.slice();
    const propose = (left: number, right: number) => {
      if (left < 0 || right >= count) return;
      const rank = table.rankOf(current[left]!, current[right]!);
      // The queue's third number tells which symbol stood at the right.
      if (rank >= 0) queue.push(left, rank, right);
    };
    for (let i = 1; i < count; i++) propose(i - 1, i);
    while (queue.take()) {
      const { left, piece: rank, bytes: right } = queue;
      if (current[left]! < 0 || next[left] !== right) continue;
      if (table.rankOf(current[left]!, current[right]!) !== rank) continue;
      current[left] = table.products[rank]!;
      current[right] = -1;
      const after = (next[left] = next[right]!);
      if (after < count) previous[after] = left;
      propose(previous[left]!, left);
      propose(left, after);
    }
    for (let at = 0; at < count; at = next[at]!) ids.push(current[at]!);
    queue.shrink(2 ** 16);
  }
}
