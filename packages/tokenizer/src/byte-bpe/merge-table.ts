/** The rank of a pair of ids that is joined, and what becomes of it: a hash table in typed arrays. */
export class MergeTable {
  /** Of each rank the id of the piece that both are together. */
  readonly products: Int32Array;
  readonly #lefts: Int32Array;
  readonly #rights: Int32Array;
  /** Rank + 1 by hash, 0 for an empty place. */
  readonly #slots: Int32Array;

  constructor(merges: readonly (readonly [number, number])[], products: Int32Array) {
    this.products = products;
    this.#lefts = Int32Array.from(merges, ([left]) => left);
    this.#rights = Int32Array.from(merges, ([, right]) => right);
    let size = 16;
    while (size < merges.length * 3) size *= 2;
    this.#slots = new Int32Array(size);
    for (let rank = 0; rank < merges.length; rank++) {
      let slot = this.#slot(this.#lefts[rank]!, this.#rights[rank]!);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (size - 1);
      this.#slots[slot] = rank + 1;
    }
  }

  /** The rank of a pair, or −1. */
  rankOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = this.#slot(left, right); ; slot = (slot + 1) & mask) {
      const rank = this.#slots[slot]! - 1;
      if (rank < 0 || (this.#lefts[rank] === left && this.#rights[rank] === right)) return rank;
    }
  }

  #slot(left: number, right: number): number {
    const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
    return (hash ^ (hash >>> 15)) & (this.#slots.length - 1);
  }
}
