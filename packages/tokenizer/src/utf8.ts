import { TokenizerError } from '@simvlm/core';

/** Bytes of the longest text that is encoded in one call. */
const MAX_BYTES = 2 ** 28;

/** U+2581 in UTF-8. */
export const SPACE_BYTES = [0xe2, 0x96, 0x81] as const;
export const BLANK = 0x20;

/** Bytes behind a text that may be read, so that its last ones can be read as one number with what follows. */
export const SLACK = 4;

/** Bytes of a text that is decoded by hand. */
const SHORT = 32;

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 of a string; a lone surrogate is no character and becomes U+FFFD. */
export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The string of valid UTF-8, or undefined. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  if (bytes.length <= SHORT) return fromShortUtf8(bytes);
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** For a few bytes a decoder costs more than they do. */
function fromShortUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = validCharacter(bytes, at, bytes.length);
    if (length < 1) return undefined;
    // The lead byte has 7, 5, 4 or 3 bits of the code point, each other byte 6.
    let code = bytes[at]! & (length === 1 ? 0x7f : 0xff >> (length + 1));
    for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
    text += String.fromCodePoint(code);
    at += length;
  }
  return text;
}

/** The string of UTF-8 that is known to be valid. */
export function textOf(bytes: Uint8Array, begin: number, end: number): string {
  return lenient.decode(bytes.subarray(begin, end));
}

/** Bytes of the character that begins with this byte; 1 for a byte that begins none. */
export function characterBytes(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/**
 * How many of `bytes` from `at` on are one valid character; 0 when they are none; −1 when they may be the
 * beginning of one that goes on behind `end`.
 */
export function validCharacter(bytes: ArrayLike<number>, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = characterBytes(first);
  // The second byte tells overlong forms, surrogates and what lies beyond U+10FFFF.
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    if (at + i >= end) return -1;
    const byte = bytes[at + i]!;
    if (byte < (i === 1 ? least : 0x80) || byte > (i === 1 ? most : 0xbf)) return 0;
  }
  return length;
}

/** A buffer that strings are written to again and again, so that encoding a line allocates nothing. */
export class Utf8Source {
  bytes: Uint8Array = new Uint8Array(1024);
  length = 0;

  /** @throws TokenizerError for a text beyond 256 MiB */
  write(text: string): void {
    if (this.bytes.length < text.length * 3 + SLACK) {
      if (text.length > MAX_BYTES)
        throw new TokenizerError(
          'TEXT_TOO_LONG',
          `a text of ${text.length} characters is too long to encode at once (at most ${MAX_BYTES}); encode it line by line`,
        );
      this.bytes = new Uint8Array(text.length * 3 + SLACK);
    }
    this.length = encoder.encodeInto(text, this.bytes).written;
  }

  /** Gives back what an unusually long text needed. */
  shrink(keep: number): void {
    if (this.bytes.length > keep) this.bytes = new Uint8Array(1024);
  }
}

/** For each byte of the UTF-8 of `text`, and for its end, the UTF-16 unit where its character begins. */
export function utf16Positions(text: string, byteLength: number): Int32Array {
  const positions = new Int32Array(byteLength + 1);
  let at = 0;
  for (let unit = 0; unit < text.length; ) {
    const code = text.codePointAt(unit)!;
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    positions.fill(unit, at, at + bytes);
    at += bytes;
    unit += bytes === 4 ? 2 : 1;
  }
  positions[at] = text.length;
  return positions;
}
