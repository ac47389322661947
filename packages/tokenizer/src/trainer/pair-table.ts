/**
 * Pairs of symbols, numbered as they come, each with how often it occurs and the places where it was seen.
 */
export class PairTable {
  count = 0;
  lefts = new Int32Array(1024);
  rights = new Int32Array(1024);
  /** How often each pair occurs now. */
  frequencies = new Float64Array(1024);
  /** 2^26 · left + right by hash, exact as there are fewer than 2^26 symbols; −1 for an empty slot. */
  #keys = new Float64Array(4096).fill(-1);
  #pairs = new Int32Array(4096);
  // Places are lists: of each pair the last one, of each entry the one before.
  #last = new Int32Array(1024);
  #places = new Int32Array(4096);
  #before = new Int32Array(4096);
  #entries = 0;

  /** The number of a pair; a new one when it was not there. */
  number(left: number, right: number): number {
    const key = left * 2 ** 26 + right;
    let slot = this.#slot(key);
    if (this.#keys[slot] === key) return this.#pairs[slot]!;
    if (this.count * 2 >= this.#keys.length) {
      this.#rehash();
      slot = this.#slot(key);
    }
    if (this.count === this.lefts.length) this.#growPairs();
    const pair = this.count++;
    this.#keys[slot] = key;
    this.#pairs[slot] = pair;
    this.lefts[pair] = left;
    this.rights[pair] = right;
    this.#last[pair] = -1;
    return pair;
  }

  /** Notes that the pair was seen at a place. */
  addPlace(pair: number, place: number): void {
    if (this.#entries === this.#places.length) {
      this.#places = grown(this.#places);
      this.#before = grown(this.#before);
    }
    this.#places[this.#entries] = place;
    this.#before[this.#entries] = this.#last[pair]!;
    this.#last[pair] = this.#entries++;
  }

  /** Where the pair was seen, in ascending order, each place once; some may no longer hold it. */
  places(pair: number): Int32Array {
    const places: number[] = [];
    for (let entry = this.#last[pair]!; entry >= 0; entry = this.#before[entry]!)
      places.push(this.#places[entry]!);
    const sorted = Int32Array.from(places).sort();
    return sorted.filter((place, i) => i === 0 || sorted[i - 1] !== place);
  }

  #slot(key: number): number {
    const mask = this.#keys.length - 1;
    const hash = Math.imul(key % 2 ** 26, 0x9e3779b1) ^ Math.imul(Math.floor(key / 2 ** 26), 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#keys[slot] !== -1 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #rehash(): void {
    const [keys, pairs] = [this.#keys, this.#pairs];
    this.#keys = new Float64Array(keys.length * 2).fill(-1);
    this.#pairs = new Int32Array(keys.length * 2);
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === -1) continue;
      const slot = this.#slot(keys[i]!);
      this.#keys[slot] = keys[i]!;
      this.#pairs[slot] = pairs[i]!;
    }
  }

  #growPairs(): void {
    this.lefts = grown(this.lefts);
    this.rights = grown(this.rights);
    this.#last = grown(this.#last);
    const frequencies = this.frequencies;
    this.frequencies = new Float64Array(frequencies.length * 2);
    this.frequencies.set(frequencies);
  }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
