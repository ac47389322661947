import { NOTES, RECORD, WordTable } from '../segment/word-table';
import type { Ids } from './ids';

/** Words longer than this many bytes are not remembered. */
const LONGEST = 64;
/** When so many words are remembered, all are forgotten, so that memory is bounded. */
const MOST_WORDS = 65_536;
const FROM = NOTES;
const TO = NOTES + 1;

/** The ids of words that were met before: in running text nearly every word was. */
export class WordMemory {
  readonly #words = new WordTable();
  #ids = new Int32Array(2048);
  #used = 0;

  /** Appends the ids of the word `bytes[begin … end)`; false: it is not remembered. */
  recall(bytes: Uint8Array, begin: number, end: number, hash: number, ids: Ids): boolean {
    if (end - begin > LONGEST) return false;
    const word = this.#words.find(bytes, begin, end, hash);
    if (word < 0) return false;
    const { records } = this.#words;
    const from = records[word * RECORD + FROM]!;
    const count = records[word * RECORD + TO]! - from;
    if (ids.count + count > ids.list.length) ids.reserve(count);
    for (let i = 0; i < count; i++) ids.list[ids.count++] = this.#ids[from + i]!;
    return true;
  }

  /** Remembers a word that is not there: its ids are those from `from` on. */
  learn(bytes: Uint8Array, begin: number, end: number, hash: number, ids: Ids, from: number): void {
    if (end - begin > LONGEST) return;
    if (this.#words.count >= MOST_WORDS) {
      this.#words.clear();
      this.#used = 0;
    }
    const count = ids.count - from;
    if (this.#used + count > this.#ids.length) {
      const larger = new Int32Array(this.#ids.length * 2 + count);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    const word = this.#words.add(bytes, begin, end, hash);
    const { records } = this.#words;
    records[word * RECORD + FROM] = this.#used;
    for (let i = from; i < ids.count; i++) this.#ids[this.#used++] = ids.list[i]!;
    records[word * RECORD + TO] = this.#used;
  }
}
