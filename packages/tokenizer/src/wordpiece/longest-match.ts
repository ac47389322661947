import { type DoubleArray, HAS_VALUE, LABEL, offsetOf, rootOf, VALUE, walk } from '../double-array';
import type { Ids } from '../subword/ids';
import type { WordPieceModel } from '../subword/subword-model';
import { textTrie } from '../text-trie';
import { toUtf8 } from '../utf8';

/**
 * WordPiece: from the left the longest piece, again and again; pieces behind the first begin with the prefix.
 *
 * ```
 *    unaffable   →   un │ ##aff │ ##able          nothing fits: the whole word is the unknown token
 * ```
 */
export class LongestMatch {
  readonly #trie: DoubleArray;
  readonly #first: number;
  /** Where in the trie the prefix leads; −1: no piece has it. */
  readonly #further: number;
  readonly #unknown: number;
  readonly #maxLength: number;

  constructor({ vocabulary, prefix, special, maxWordLength }: WordPieceModel) {
    this.#trie = textTrie(vocabulary);
    const bytes = toUtf8(prefix);
    this.#first = rootOf(this.#trie);
    this.#further = walk(this.#trie, this.#first, bytes, 0, bytes.length);
    this.#unknown = special.unk;
    this.#maxLength = maxWordLength;
  }

  /**
   * Appends the ids of a word.
   *
   * @param characters how many code points it has
   */
  append(bytes: Uint8Array, begin: number, end: number, characters: number, ids: Ids): void {
    if (characters > this.#maxLength) {
      ids.push(this.#unknown);
      return;
    }
    const trie = this.#trie;
    const before = ids.count;
    let place = this.#first;
    for (let at = begin; at < end; place = this.#further) {
      let found = -1;
      let next = at;
      for (let i = at; i < end && place >= 0; i++) {
        const byte = bytes[i]!;
        const unitAt = place ^ byte;
        const unit = trie[unitAt]!;
        if ((unit & LABEL) !== byte) break;
        place = unitAt ^ offsetOf(unit);
        if ((unit & HAS_VALUE) !== 0) {
          found = trie[place]! & VALUE;
          next = i + 1;
        }
      }
      if (found < 0) {
        ids.count = before;
        ids.push(this.#unknown);
        return;
      }
      ids.push(found);
      at = next;
    }
  }
}
