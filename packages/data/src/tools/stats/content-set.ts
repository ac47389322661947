import { createHash } from 'node:crypto';

/**
 * Tells how many contents differ, by the first 64 bits of their SHA-256: 8 bytes each. Among a million contents two that differ are taken for one with a
 * probability of 3 in 100 million.
 */
export class ContentSet {
  #hashes = new BigUint64Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(content: Uint8Array | string): void {
    if (this.#count === this.#hashes.length) {
      const larger = new BigUint64Array(2 * this.#count);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#count++] = createHash('sha256').update(content).digest().readBigUInt64LE();
  }

  distinct(): number {
    const sorted = this.#hashes.slice(0, this.#count).sort();
    let distinct = 0;
    for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
    return distinct;
  }
}
