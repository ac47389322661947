import { codePointTable, markRuns, WHITE_SPACE } from '../subword/character-runs';
import { characterBytes } from '../utf8';
import { LETTERS, NUMBERS } from './character-classes';

const OTHER = 0;
const LETTER = 1;
const NUMBER = 2;
const SPACE = 4;
/** A byte that begins a longer character. */
const WIDE = 8;
const APOSTROPHE = 0x27;
const BLANK = 0x20;

let classes: Uint8Array | undefined;

/** The classes of all characters, made once. */
function characterClasses(): Uint8Array {
  if (classes !== undefined) return classes;
  classes = codePointTable();
  markRuns(classes, LETTERS, LETTER);
  markRuns(classes, NUMBERS, NUMBER);
  for (const code of [9, 10, 11, 12, 13, BLANK, ...WHITE_SPACE]) classes[code] = SPACE;
  return classes;
}

/**
 * Finds words as GPT-2's regular expression does:
 *
 * ```
 *    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 *    "It's  12:30 "   →   It │ 's │ ␣ │ ␣12 │ : │ 30 │ ␣
 * ```
 */
export class Gpt2Words {
  /** Where the word that `next` found begins. */
  begin = 0;
  readonly #classes = characterClasses();
  /** The classes of bytes. */
  readonly #kinds = Uint8Array.from({ length: 256 }, (_, byte) =>
    byte < 0x80 ? this.#classes[byte]! : WIDE,
  );

  /**
   * Where the word that begins at `begin` ends.
   *
   * @param bytes valid UTF-8
   */
  next(bytes: Uint8Array, begin: number, end: number): number {
    this.begin = begin;
    const kinds = this.#kinds;
    const first = bytes[begin]!;
    let at = begin;
    if (first === APOSTROPHE) {
      const contraction = contractionAt(bytes, begin + 1, end);
      if (contraction > 0) return begin + 1 + contraction;
    } else if (first === BLANK && begin + 1 < end) at++;
    let kind = kinds[bytes[at]!]!;
    if (kind === WIDE) kind = this.#classAt(bytes, at);
    if (kind === SPACE) return this.#spaces(bytes, begin, end);
    for (at += characterBytes(bytes[at]!); ; at += characterBytes(bytes[at]!)) {
      while (at < end && kinds[bytes[at]!] === kind) at++;
      if (at === end || bytes[at]! < 0x80 || this.#classAt(bytes, at) !== kind) return at;
    }
  }

  /** The last space before a word is left to the word, or stands alone. */
  #spaces(bytes: Uint8Array, begin: number, end: number): number {
    let last = begin;
    let at = begin;
    while (at < end && this.#classAt(bytes, at) === SPACE) {
      last = at;
      at += characterBytes(bytes[at]!);
    }
    return at === end || last === begin ? at : last;
  }

  #classAt(bytes: Uint8Array, at: number): number {
    const byte = bytes[at]!;
    if (byte < 0x80) return this.#classes[byte]!;
    const second = bytes[at + 1]! & 0x3f;
    if (byte < 0xe0) return this.#classes[((byte & 0x1f) << 6) | second]!;
    const third = bytes[at + 2]! & 0x3f;
    if (byte < 0xf0) return this.#classes[((byte & 0x0f) << 12) | (second << 6) | third]!;
    return (
      this.#classes[((byte & 0x07) << 18) | (second << 12) | (third << 6) | (bytes[at + 3]! & 0x3f)] ?? OTHER
    );
  }
}

/** How many bytes behind an apostrophe make a contraction with it: s t m d, re ve ll. */
function contractionAt(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return 0;
  const letter = bytes[at]!;
  if (letter === 0x73 || letter === 0x74 || letter === 0x6d || letter === 0x64) return 1;
  if (at + 1 === end) return 0;
  const next = bytes[at + 1]!;
  const isPair = letter === 0x6c ? next === 0x6c : (letter === 0x72 || letter === 0x76) && next === 0x65;
  return isPair ? 2 : 0;
}
