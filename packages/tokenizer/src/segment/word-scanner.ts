import { SPACE_BYTES } from '../utf8';

/**
 * Finds words in normalised text. A word is U+2581, once or more, with what follows it, or, where spaces end
 * pieces, what stands before with U+2581 behind it:
 *
 * ```
 *    ▁a▁▁bc        ▁a │ ▁▁bc        as suffix:   a▁▁ │ bc▁
 * ```
 */
export class WordScanner {
  /** Of the word that `next` found. */
  hash = 0;
  readonly #suffix: boolean;

  constructor(whitespaceSuffix: boolean) {
    this.#suffix = whitespaceSuffix;
  }

  /** Where the word that begins at `begin` ends. */
  next(bytes: Uint8Array, begin: number, end: number): number {
    const suffix = this.#suffix;
    let hash = 0;
    let inSpaces = !suffix;
    let at = begin;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === SPACE_BYTES[0] && isSpace(bytes, at, end)) {
        if (!suffix && !inSpaces) break;
        inSpaces = true;
        at += 2;
      } else {
        if (suffix && inSpaces) break;
        inSpaces = false;
      }
      hash = Math.imul(hash ^ byte, 0x01000193) ^ (hash >>> 15);
    }
    this.hash = hash;
    return at;
  }
}

function isSpace(bytes: Uint8Array, at: number, end: number): boolean {
  return at + 2 < end && bytes[at + 1] === SPACE_BYTES[1] && bytes[at + 2] === SPACE_BYTES[2];
}
