import { type DoubleArray, longestMatch, rootOf, valueAt, walk } from '../double-array';
import { textTrie } from '../text-trie';
import { characterBytes, textOf, toUtf8 } from '../utf8';
import { WORDS } from './character-classes';
import { codePointTable, markRuns } from './character-runs';
import type { AddedToken } from './subword-model';

const SPACE = /\p{White_Space}/u;

/** Takes what a text is made of, in its order. */
export interface Parts {
  text(begin: number, end: number): void;
  token(id: number): void;
}

/**
 * Cuts added tokens out of a text as Hugging Face does: of those that are not normalised the leftmost, of several the longest; then
 * the others, in the stretches that are left.
 */
export class AddedTokens {
  readonly #passes: readonly Pass[];

  constructor(tokens: readonly AddedToken[]) {
    this.#passes = [false, true]
      .map(normalized => tokens.filter(token => token.normalized === normalized))
      .filter(({ length }) => length > 0)
      .map(some => new Pass(some));
  }

  /** @param bytes UTF-8 */
  cut(bytes: Uint8Array, begin: number, end: number, parts: Parts): void {
    const [first, second] = this.#passes;
    if (first === undefined) parts.text(begin, end);
    else if (second === undefined) first.cut(bytes, begin, end, parts);
    else
      first.cut(bytes, begin, end, {
        text: (from, to) => second.cut(bytes, from, to, parts),
        token: id => parts.token(id),
      });
  }
}

class Pass {
  readonly #tokens: readonly AddedToken[];
  readonly #trie: DoubleArray;
  /** 1: a token begins with this byte. */
  readonly #begins = new Uint8Array(256);

  constructor(tokens: readonly AddedToken[]) {
    this.#tokens = tokens;
    this.#trie = textTrie(tokens.map(({ text }) => text));
    for (const { text } of tokens) this.#begins[toUtf8(text)[0]!] = 1;
  }

  cut(bytes: Uint8Array, begin: number, end: number, parts: Parts): void {
    let done = begin;
    for (let at = begin; at < end; ) {
      const length = this.#begins[bytes[at]!] === 0 ? 0 : longestMatch(this.#trie, bytes, at, end);
      if (length === 0) {
        at++;
        continue;
      }
      const from = at;
      at += length;
      const token = this.#tokenOf(bytes, from, at);
      if (token.singleWord && (isWord(before(bytes, begin, from)) || isWord(behind(bytes, at, end))))
        continue;
      const start = token.stripLeft ? Math.max(done, spaceBefore(bytes, begin, from)) : from;
      if (start > done) parts.text(done, start);
      parts.token(token.id);
      done = token.stripRight ? spaceBehind(bytes, at, end) : at;
    }
    if (done < end) parts.text(done, end);
  }

  #tokenOf(bytes: Uint8Array, begin: number, end: number): AddedToken {
    const place = walk(this.#trie, rootOf(this.#trie), bytes, begin, end - 1);
    return this.#tokens[valueAt(this.#trie, place, bytes[end - 1]!)]!;
  }
}

let words: Uint8Array | undefined;

function isWord(character: string): boolean {
  if (words === undefined) {
    words = codePointTable();
    markRuns(words, WORDS, 1);
  }
  return character !== '' && words[character.codePointAt(0)!] === 1;
}

/** The character before a place; empty at the beginning. */
function before(bytes: Uint8Array, begin: number, at: number): string {
  let from = at;
  while (from > begin && (bytes[--from]! & 0xc0) === 0x80);
  return textOf(bytes, from, at);
}

/** The character at a place; empty at the end. */
function behind(bytes: Uint8Array, at: number, end: number): string {
  return at < end ? textOf(bytes, at, at + characterBytes(bytes[at]!)) : '';
}

function spaceBefore(bytes: Uint8Array, begin: number, at: number): number {
  let from = at;
  for (let last = before(bytes, begin, from); SPACE.test(last); last = before(bytes, begin, from))
    from -= toUtf8(last).length;
  return from;
}

function spaceBehind(bytes: Uint8Array, at: number, end: number): number {
  let to = at;
  for (let next = behind(bytes, to, end); SPACE.test(next); next = behind(bytes, to, end))
    to += toUtf8(next).length;
  return to;
}
