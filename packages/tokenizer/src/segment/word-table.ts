/**
 * Byte strings by content, numbered 0, 1, 2 … in the order of their coming: a hash table in typed arrays that
 * makes no object and no string per word.
 */
export class WordTable {
  /** How many words there are. */
  count = 0;
  /** The bytes of all words, one after the other. */
  bytes = new Uint8Array(4096);
  /** Where each word begins in `bytes`; one more for the end of the last. */
  starts = new Int32Array(513);
  #hashes = new Int32Array(512);
  /** Word + 1 by hash, 0 for an empty place; twice as long as there are words, or more. */
  #slots = new Int32Array(1024);

  /** The number of the word `source[begin … end)`, or −1. */
  find(source: Uint8Array, begin: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = this.#slots[slot]! - 1;
      if (word < 0) return -1;
      if (this.#hashes[word] === hash && this.#equals(word, source, begin, end)) return word;
    }
  }

  /** Adds a word that is not there; returns its number. */
  add(source: Uint8Array, begin: number, end: number, hash: number): number {
    const word = this.count++;
    const start = this.starts[word]!;
    if (word * 2 >= this.#slots.length - 2) this.#growTable();
    if (start + end - begin > this.bytes.length) {
      const larger = new Uint8Array((start + end - begin) * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(source.subarray(begin, end), start);
    this.starts[word + 1] = start + end - begin;
    this.#hashes[word] = hash;
    this.#place(word);
    return word;
  }

  clear(): void {
    this.count = 0;
    this.#slots.fill(0);
  }

  #equals(word: number, source: Uint8Array, begin: number, end: number): boolean {
    const start = this.starts[word]!;
    if (this.starts[word + 1]! - start !== end - begin) return false;
    for (let i = begin, j = start; i < end; i++, j++) if (source[i] !== this.bytes[j]) return false;
    return true;
  }

  #place(word: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[word]! & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = word + 1;
  }

  #growTable(): void {
    const [hashes, starts] = [this.#hashes, this.starts];
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#hashes = new Int32Array(this.#slots.length / 2);
    this.starts = new Int32Array(this.#hashes.length + 1);
    this.#hashes.set(hashes);
    this.starts.set(starts);
    for (let word = 0; word < this.count - 1; word++) this.#place(word);
  }
}
