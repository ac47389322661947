import { TokenizerError } from '@simvlm/core';
import { type DoubleArray, longestMatch } from '../double-array';
import { textTrie } from '../text-trie';
import { BLANK, characterBytes, SPACE_BYTES } from '../utf8';
import type { NormalizerSettings } from '../vocabulary';
import { CharMap } from './char-map';

/** Beyond this many bytes a text is refused: only a hostile map makes one grow so much. */
const MAX_BYTES = 2 ** 30;

/** What happens to an ASCII byte whose neighbour to the right is ASCII too. */
const RULE = 0;
const COPY = 1;
const SPACE = 2;

/**
 * Turns text into what the pieces were learned from: characters mapped, spaces put in order and written as
 * U+2581.
 */
export class Normalizer {
  /** The normalised text as UTF-8, its first `length` bytes; the next call overwrites it. */
  bytes = new Uint8Array(1024);
  length = 0;
  /** With origins: where in the source each byte of `bytes`, and the end, comes from. */
  origins = new Int32Array(0);
  readonly #settings: NormalizerSettings;
  readonly #suffix: boolean;
  readonly #map: CharMap | undefined;
  readonly #symbols: DoubleArray | undefined;
  readonly #ascii: Uint8Array;
  // The replacement that #match found.
  #from: Uint8Array = this.bytes;
  #begin = 0;
  #end = 0;

  /**
   * @param symbols texts that stay as they are: the user-defined pieces
   * @throws TokenizerError for a map that is damaged
   */
  constructor(settings: NormalizerSettings, symbols: readonly string[] = [], whitespaceSuffix = false) {
    this.#settings = settings;
    this.#suffix = whitespaceSuffix;
    this.#map = settings.charMap.length > 0 ? new CharMap(settings.charMap) : undefined;
    this.#ascii = this.#map?.plainAscii() ?? new Uint8Array(128).fill(COPY);
    if (this.#ascii[BLANK] === COPY) this.#ascii[BLANK] = SPACE;
    if (symbols.length > 0) {
      this.#symbols = textTrie(symbols);
      for (const symbol of symbols) if (symbol.charCodeAt(0) < 128) this.#ascii[symbol.charCodeAt(0)] = RULE;
    }
  }

  /** Normalises the first `end` bytes of `source` into `bytes`. */
  normalize(source: Uint8Array, end: number, withOrigins = false): void {
    const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = this.#settings;
    const ascii = this.#ascii;
    this.length = 0;
    let at = 0;
    if (removeExtraWhitespaces) at = this.#skipSpaces(source, end);
    if (at === end) return;
    this.#reserve(0, 3 * (end - at) + 6, withOrigins);
    if (addDummyPrefix && !this.#suffix) this.#writeSpace(at, withOrigins);
    let out = this.bytes;
    let n = this.length;
    let afterSpace = removeExtraWhitespaces;
    while (at < end) {
      const byte = source[at]!;
      // Most text is ASCII between ASCII: no rule can apply, as none begins with two such characters.
      const action = byte < 128 && (at + 1 === end || source[at + 1]! < 128) ? ascii[byte]! : RULE;
      if (action === COPY) {
        if (withOrigins) this.origins[n] = at;
        out[n++] = byte;
        at++;
        afterSpace = false;
        continue;
      }
      if (action === SPACE) {
        if (!afterSpace) {
          this.length = n;
          this.#writeSpace(at, withOrigins);
          n = this.length;
        }
        afterSpace = removeExtraWhitespaces;
        at++;
        continue;
      }
      const consumed = this.#match(source, at, end);
      const from = this.#from;
      let begin = this.#begin;
      const stop = this.#end;
      while (afterSpace && begin < stop && from[begin] === BLANK) begin++;
      if (begin < stop) {
        this.#reserve(n, 3 * (stop - begin) + 3 * (end - at) + 6, withOrigins);
        out = this.bytes;
        for (let i = begin; i < stop; i++) {
          if (escapeWhitespaces && from[i] === BLANK) {
            if (withOrigins) this.origins.fill(at, n, n + 3);
            out[n++] = SPACE_BYTES[0];
            out[n++] = SPACE_BYTES[1];
            out[n++] = SPACE_BYTES[2];
          } else {
            if (withOrigins) this.origins[n] = at;
            out[n++] = from[i]!;
          }
        }
        afterSpace = removeExtraWhitespaces && from[stop - 1] === BLANK;
      }
      at += consumed;
    }
    this.length = n;
    if (removeExtraWhitespaces) at = this.#dropTrailingSpaces(at);
    if (addDummyPrefix && this.#suffix) this.#writeSpace(at, withOrigins);
    if (withOrigins) this.origins[this.length] = at;
  }

  /** Gives back what an unusually long text needed. */
  shrink(keep: number): void {
    if (this.bytes.length > keep) this.bytes = new Uint8Array(1024);
    if (this.origins.length > keep) this.origins = new Int32Array(0);
  }

  #skipSpaces(source: Uint8Array, end: number): number {
    let at = 0;
    while (at < end) {
      const consumed = this.#match(source, at, end);
      if (this.#end - this.#begin !== 1 || this.#from[this.#begin] !== BLANK) break;
      at += consumed;
    }
    return at;
  }

  /**
   * Literal U+2581 at the end goes too, as in the original. Returns where in the source the text now ends.
   */
  #dropTrailingSpaces(end: number): number {
    const bytes = this.bytes;
    const mark = this.#settings.escapeWhitespaces ? SPACE_BYTES : [BLANK];
    let at = end;
    for (;;) {
      const begin = this.length - mark.length;
      if (begin < 0 || mark.some((byte, i) => bytes[begin + i] !== byte)) return at;
      this.length = begin;
      at = this.origins.length > begin ? this.origins[begin]! : at;
    }
  }

  /**
   * What the character or characters at `at` become: #from[#begin … #end); returns how many bytes they are.
   */
  #match(source: Uint8Array, at: number, end: number): number {
    let length = this.#symbols === undefined ? 0 : longestMatch(this.#symbols, source, at, end);
    if (length === 0 && this.#map !== undefined) {
      length = this.#map.match(source, at, end);
      if (length > 0) {
        this.#from = this.#map.strings;
        this.#begin = this.#map.begin;
        this.#end = this.#map.end;
        return length;
      }
    }
    if (length === 0) length = Math.min(characterBytes(source[at]!), end - at);
    this.#from = source;
    this.#begin = at;
    this.#end = at + length;
    return length;
  }

  #writeSpace(at: number, withOrigins: boolean): void {
    for (const byte of this.#settings.escapeWhitespaces ? SPACE_BYTES : [BLANK]) {
      if (withOrigins) this.origins[this.length] = at;
      this.bytes[this.length++] = byte;
    }
  }

  #reserve(used: number, more: number, withOrigins: boolean): void {
    const needed = used + more + 1;
    if (needed > MAX_BYTES)
      throw new TokenizerError(
        'TEXT_TOO_LONG',
        `normalised, the text has more than ${MAX_BYTES} bytes; encode it line by line`,
      );
    if (this.bytes.length < needed) {
      const larger = new Uint8Array(Math.ceil(needed * 1.5));
      larger.set(this.bytes.subarray(0, used));
      this.bytes = larger;
    }
    if (withOrigins && this.origins.length < this.bytes.length) {
      const larger = new Int32Array(this.bytes.length);
      larger.set(this.origins.subarray(0, used));
      this.origins = larger;
    }
  }
}
