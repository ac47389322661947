/**
 * Parts of one buffer by their content, as a hash table in typed arrays. It keeps where a part lies and nothing else: 16 to 32 bytes a part, for
 * files in which a part may be as short as five.
 */
export class DistinctParts {
  count = 0;
  readonly #buffer: Uint8Array;
  /** Begin and end of each part, at its hash; the end of an empty place is 0. */
  #slots = new Uint32Array(2 * 1024);

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
  }

  /** Adds `buffer[begin … end)`, which is not empty; false when one of this content is there already. */
  add(begin: number, end: number): boolean {
    const slot = this.#find(begin, end);
    if (this.#slots[slot + 1] !== 0) return false;
    this.#put(slot, begin, end);
    if (++this.count * 4 > this.#slots.length) this.#grow();
    return true;
  }

  /** Where the part of this content is, or has its place. */
  #find(begin: number, end: number): number {
    const mask = this.#slots.length - 1;
    let slot = (2 * hashOf(this.#buffer, begin, end)) & mask;
    while (this.#slots[slot + 1] !== 0 && !this.#equals(slot, begin, end)) slot = (slot + 2) & mask;
    return slot;
  }

  #equals(slot: number, begin: number, end: number): boolean {
    const start = this.#slots[slot]!;
    if (this.#slots[slot + 1]! - start !== end - begin) return false;
    for (let i = begin, j = start; i < end; i++, j++) if (this.#buffer[i] !== this.#buffer[j]) return false;
    return true;
  }

  #put(slot: number, begin: number, end: number): void {
    this.#slots[slot] = begin;
    this.#slots[slot + 1] = end;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const [begin, end] = [old[at]!, old[at + 1]!];
      if (end !== 0) this.#put(this.#find(begin, end), begin, end);
    }
  }
}

function hashOf(bytes: Uint8Array, begin: number, end: number): number {
  let hash = 0;
  for (let at = begin; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193) ^ (hash >>> 15);
  return hash ^ (hash >>> 13);
}
