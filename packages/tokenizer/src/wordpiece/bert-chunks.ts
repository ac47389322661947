import type { BertText } from '../subword/subword-model';

// What a byte is to the scanner.
const PLAIN = 0;
const SPACE = 1;
/** A word of its own. */
const PUNCTUATION = 2;
/** It needs `BertWords`: no ASCII, or a control character. */
const OTHER = 3;

/**
 * Cuts at ASCII white space, and around ASCII punctuation and ideographs. What stands between does not depend on its neighbours,
 * as nothing combines across such a character, and can be remembered as it is in the text.
 */
export class BertChunks {
  // Of the chunk that `next` found; it is empty at the end of the text.
  begin = 0;
  /** ASCII letters and digits, or one punctuation mark. */
  isPlain = true;
  readonly #kinds: Uint8Array;
  readonly #ideographs: boolean;

  constructor({ cleanText, chineseCharacters }: BertText) {
    this.#kinds = byteKinds(cleanText);
    this.#ideographs = chineseCharacters;
  }

  /** Where the first chunk from `from` on ends. */
  next(bytes: Uint8Array, from: number, end: number): number {
    const kinds = this.#kinds;
    const ideographs = this.#ideographs;
    let at = from;
    while (at < end && kinds[bytes[at]!] === SPACE) at++;
    this.begin = at;
    if (at === end) return at;
    const kind = kinds[bytes[at]!]!;
    let isPlain = kind !== OTHER;
    if (kind === PUNCTUATION) at++;
    else if (ideographs && isIdeograph(bytes, at)) at += 3;
    else
      for (at++; at < end; at++) {
        const next = kinds[bytes[at]!]!;
        if (next !== PLAIN) {
          if (next !== OTHER || (ideographs && isIdeograph(bytes, at))) break;
          isPlain = false;
        }
      }
    this.isPlain = isPlain;
    return at;
  }
}

/** U+4E00 to U+9FFF; the others are rare, and left to `BertWords`. */
function isIdeograph(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  return (first >= 0xe5 && first <= 0xe9) || (first === 0xe4 && bytes[at + 1]! >= 0xb8);
}

function byteKinds(cleanText: boolean): Uint8Array {
  const kinds = new Uint8Array(256).fill(OTHER);
  for (let byte = 0x21; byte < 0x7f; byte++)
    kinds[byte] = /[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? PLAIN : PUNCTUATION;
  for (const space of [9, 10, 13, 32]) kinds[space] = SPACE;
  if (!cleanText) kinds[11] = kinds[12] = SPACE;
  return kinds;
}
