import { NOTES, RECORD, WordTable } from '../segment/word-table';
import type { Ids } from './ids';
import { hashOf } from './word-hash';

/** Words of so many bytes are kept in one entry. */
const SHORT = 16;
/** Words longer than this many bytes are not remembered. */
const LONGEST = 64;
/** When so many words are remembered, all are forgotten, so that memory is bounded. */
const MOST_WORDS = 65_536;
const FIRST_SIZE = 1024;

/** Numbers of an entry: length and count of ids, four of bytes, three of ids. */
const ENTRY = 8;
const INLINE = 3;
const FROM = NOTES;
const TO = NOTES + 1;

/** Masks of the bytes of a number that belong to a word: of 0, 1, 2, 3 and 4 bytes. */
const MASKS = [0, 0xff, 0xffff, 0xffffff, -1] as const;

/**
 * The ids of words that were met before: in running text nearly every word was. A short word with few ids lies in one entry of half a cache
 * line, its bytes as four numbers:
 *
 * ```
 *    " hello"   length 6 · 1 id | " hel" | "lo" | 0 | 0 | 24748 | – | –
 * ```
 */
export class WordMemory {
  #entries = new Int32Array(FIRST_SIZE * ENTRY);
  #count = 0;
  readonly #long = new WordTable();
  /** Ids of words with more than there is room for in an entry, and of long words. */
  #ids = new Int32Array(1024);
  #used = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** The bytes of the word that was looked up last, as numbers. */
  readonly #key = new Int32Array(4);
  #slot = 0;

  /**
   * Appends the ids of the word `bytes[begin … end)`; false: it is not remembered.
   *
   * @param bytes with `SLACK` more behind the end
   */
  recall(bytes: Uint8Array, begin: number, end: number, ids: Ids): boolean {
    const length = end - begin;
    if (length > SHORT) return length <= LONGEST && this.#recallLong(bytes, begin, end, ids);
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer);
    const view = this.#view;
    const at = bytes.byteOffset + begin;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    if (length <= 4) a = view.getInt32(at, true) & MASKS[length]!;
    else {
      a = view.getInt32(at, true);
      if (length <= 8) b = view.getInt32(at + 4, true) & MASKS[length - 4]!;
      else {
        b = view.getInt32(at + 4, true);
        if (length <= 12) c = view.getInt32(at + 8, true) & MASKS[length - 8]!;
        else {
          c = view.getInt32(at + 8, true);
          d = view.getInt32(at + 12, true) & MASKS[length - 12]!;
        }
      }
    }
    const entries = this.#entries;
    const mask = entries.length / ENTRY - 1;
    for (let slot = mixed(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const entry = slot * ENTRY;
      const meta = entries[entry]!;
      if (meta === 0) {
        this.#slot = slot;
        [this.#key[0], this.#key[1], this.#key[2], this.#key[3]] = [a, b, c, d];
        return false;
      }
      if (
        entries[entry + 1] !== a ||
        entries[entry + 2] !== b ||
        entries[entry + 3] !== c ||
        entries[entry + 4] !== d ||
        (meta & 0xff) !== length
      )
        continue;
      const count = meta >>> 8;
      if (count === 1) ids.push(entries[entry + 5]!);
      else if (count <= INLINE) for (let i = 0; i < count; i++) ids.push(entries[entry + 5 + i]!);
      else this.#append(entries[entry + 5]!, count, ids);
      return true;
    }
  }

  /** Remembers the word that `recall` did not find: its ids are those from `from` on. */
  learn(bytes: Uint8Array, begin: number, end: number, ids: Ids, from: number): void {
    const length = end - begin;
    if (length > LONGEST) return;
    if (length > SHORT) {
      this.#learnLong(bytes, begin, end, ids, from);
      return;
    }
    const count = ids.count - from;
    const entry = this.#slot * ENTRY;
    this.#entries[entry] = length | (count << 8);
    this.#entries.set(this.#key, entry + 1);
    if (count <= INLINE) for (let i = 0; i < count; i++) this.#entries[entry + 5 + i] = ids.list[from + i]!;
    else this.#entries[entry + 5] = this.#keep(ids, from);
    if (++this.#count >= MOST_WORDS) this.#forget();
    else if (this.#count * 2 >= this.#entries.length / ENTRY) this.#grow();
  }

  #recallLong(bytes: Uint8Array, begin: number, end: number, ids: Ids): boolean {
    const word = this.#long.find(bytes, begin, end, hashOf(bytes, begin, end));
    if (word < 0) return false;
    const { records } = this.#long;
    const from = records[word * RECORD + FROM]!;
    this.#append(from, records[word * RECORD + TO]! - from, ids);
    return true;
  }

  #learnLong(bytes: Uint8Array, begin: number, end: number, ids: Ids, from: number): void {
    const word = this.#long.add(bytes, begin, end, hashOf(bytes, begin, end));
    const { records } = this.#long;
    records[word * RECORD + FROM] = this.#keep(ids, from);
    records[word * RECORD + TO] = this.#used;
    if (++this.#count >= MOST_WORDS) this.#forget();
  }

  #append(from: number, count: number, ids: Ids): void {
    for (let i = from; i < from + count; i++) ids.push(this.#ids[i]!);
  }

  /** Where the ids of a word are kept. */
  #keep(ids: Ids, from: number): number {
    const count = ids.count - from;
    if (this.#used + count > this.#ids.length) {
      const larger = new Int32Array(this.#ids.length * 2 + count);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    const start = this.#used;
    for (let i = from; i < ids.count; i++) this.#ids[this.#used++] = ids.list[i]!;
    return start;
  }

  #forget(): void {
    this.#entries = new Int32Array(FIRST_SIZE * ENTRY);
    this.#long.clear();
    this.#count = this.#used = 0;
  }

  #grow(): void {
    const old = this.#entries;
    const entries = new Int32Array(old.length * 2);
    const mask = entries.length / ENTRY - 1;
    for (let entry = 0; entry < old.length; entry += ENTRY) {
      if (old[entry] === 0) continue;
      let slot = mixed(old[entry + 1]!, old[entry + 2]!, old[entry + 3]!, old[entry + 4]!) & mask;
      while (entries[slot * ENTRY] !== 0) slot = (slot + 1) & mask;
      for (let i = 0; i < ENTRY; i++) entries[slot * ENTRY + i] = old[entry + i]!;
    }
    this.#entries = entries;
  }
}

function mixed(a: number, b: number, c: number, d: number): number {
  let hash =
    Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
