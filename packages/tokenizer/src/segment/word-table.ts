/** Numbers in the record of a word: its hash, where its bytes begin and end, and what the owner notes. */
export const RECORD = 8;
const HASH = 0;
const BEGIN = 1;
const END = 2;
/** The first of the numbers of a record that belong to the owner of the table. */
export const NOTES = 3;

/**
 * Byte strings by content, numbered 0, 1, 2 … in the order of their coming: a hash table in typed arrays that
 * makes no object and no string per word. All that is known of a word lies in one record, half a cache line.
 */
export class WordTable {
  /** How many words there are. */
  count = 0;
  /** The bytes of all words, one after the other. */
  bytes = new Uint8Array(4096);
  /** Word w has the numbers from `RECORD · w` on. */
  records = new Int32Array(512 * RECORD);
  #used = 0;
  /** Word + 1 by hash, 0 for an empty place; twice as long as there are words, or more. */
  #slots = new Int32Array(1024);

  /** The number of the word `source[begin … end)`, or −1. */
  find(source: Uint8Array, begin: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = this.#slots[slot]! - 1;
      if (word < 0) return -1;
      if (this.records[word * RECORD + HASH] === hash && this.#equals(word, source, begin, end)) return word;
    }
  }

  /** Adds a word that is not there; returns its number. */
  add(source: Uint8Array, begin: number, end: number, hash: number): number {
    const word = this.count++;
    if (this.count * 2 >= this.#slots.length) this.#growTable();
    const used = this.#used + end - begin;
    if (used > this.bytes.length) {
      const larger = new Uint8Array(used * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    for (let i = begin; i < end; i++) this.bytes[this.#used + i - begin] = source[i]!;
    this.records[word * RECORD + HASH] = hash;
    this.records[word * RECORD + BEGIN] = this.#used;
    this.records[word * RECORD + END] = used;
    this.#used = used;
    this.#place(word);
    return word;
  }

  /** Where the bytes of a word begin and end in `bytes`. */
  rangeOf(word: number): [begin: number, end: number] {
    return [this.records[word * RECORD + BEGIN]!, this.records[word * RECORD + END]!];
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
    this.#slots.fill(0);
  }

  #equals(word: number, source: Uint8Array, begin: number, end: number): boolean {
    const start = this.records[word * RECORD + BEGIN]!;
    if (this.records[word * RECORD + END]! - start !== end - begin) return false;
    for (let i = begin, j = start; i < end; i++, j++) if (source[i] !== this.bytes[j]) return false;
    return true;
  }

  #place(word: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.records[word * RECORD + HASH]! & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = word + 1;
  }

  #growTable(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const records = this.records;
    this.records = new Int32Array((this.#slots.length / 2) * RECORD);
    this.records.set(records);
    for (let word = 0; word < this.count - 1; word++) this.#place(word);
  }
}
