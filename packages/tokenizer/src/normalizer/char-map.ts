import { damaged } from '../damaged';
import {
  type DoubleArray,
  HAS_VALUE,
  longestMatch,
  offsetOf,
  rootOf,
  step,
  VALUE,
  valueAt,
  walk,
} from '../double-array';
import { fromUtf8 } from '../utf8';

/** Bytes of the longest replacement. That of NFKC has 33; a hostile map would make gigabytes of a short text. */
const MAX_REPLACEMENT = 1024;

/**
 * A compiled normalisation map: strings of UTF-8 and what replaces them, the longest match first. As
 * SentencePiece stores it: the number of bytes of a double array (uint32), the array, then the replacements,
 * each ended by a zero byte; a value in the array is where a replacement begins.
 */
export class CharMap {
  readonly #units: DoubleArray;
  /** All replacements in UTF-8, each ended by a zero byte. */
  readonly strings: Uint8Array;
  /** Where the replacement that `match` found begins and ends in `strings`. */
  begin = 0;
  end = 0;

  /** @throws TokenizerError for bytes that are no map; every later look-up then stays inside them */
  constructor(blob: Uint8Array) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const size = blob.length < 4 ? 0 : view.getUint32(0, true);
    if (size < 4 || size % 4 !== 0 || size >= blob.length - 4) throw damaged('its normaliser map is cut off');
    this.#units = new Int32Array(size / 4);
    for (let i = 0; i < this.#units.length; i++) this.#units[i] = view.getInt32(4 + i * 4, true);
    this.strings = blob.subarray(4 + size);
    if (this.strings.at(-1) !== 0 || fromUtf8(this.strings) === undefined)
      throw damaged('the replacements of its normaliser map are not UTF-8');
    if (longestString(this.strings) > MAX_REPLACEMENT)
      throw damaged(`its normaliser map has a replacement of more than ${MAX_REPLACEMENT} bytes`);
    for (let place = 0; place < this.#units.length; place++) {
      let unit = this.#units[place]!;
      if (unit >= 0 && (unit & HAS_VALUE) !== 0) unit = this.#units[place ^ offsetOf(unit)] ?? 0;
      else if (unit >= 0) continue;
      const value = unit & VALUE;
      if (unit >= 0 || value >= this.strings.length || isInside(this.strings, value, this.strings.length))
        throw damaged('its normaliser map points outside itself');
    }
  }

  /**
   * Finds the longest source string of the map at `at`; its replacement is then `strings[begin … end)`.
   *
   * @returns how many bytes it has; 0 for none
   */
  match(bytes: Uint8Array, at: number, limit: number): number {
    const units = this.#units;
    const length = longestMatch(units, bytes, at, limit);
    // Only a hostile map has a source that ends inside a character.
    if (length === 0 || isInside(bytes, at + length, limit)) return 0;
    const last = at + length - 1;
    this.begin = valueAt(units, walk(units, rootOf(units), bytes, at, last), bytes[last]!);
    this.end = this.strings.indexOf(0, this.begin);
    return length;
  }

  /**
   * The bytes that begin no source string of two or more ASCII characters, and are none themselves: alone
   * among ASCII they stay.
   */
  plainAscii(): Uint8Array {
    const root = rootOf(this.#units);
    return Uint8Array.from({ length: 128 }, (_, byte) => {
      const place = step(this.#units, root, byte);
      if (place < 0) return 1;
      if (valueAt(this.#units, root, byte) >= 0) return 0;
      for (let next = 1; next < 128; next++) if (step(this.#units, place, next) >= 0) return 0;
      return 1;
    });
  }
}

/** Bytes of the longest of strings that each end with a zero byte. */
function longestString(strings: Uint8Array): number {
  let longest = 0;
  for (let begin = 0; begin < strings.length; ) {
    const end = strings.indexOf(0, begin);
    longest = Math.max(longest, end - begin);
    begin = end + 1;
  }
  return longest;
}

/** Whether a character that begins before `at` goes on there. */
function isInside(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && (bytes[at]! & 0xc0) === 0x80;
}
