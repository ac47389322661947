import { damaged } from '../damaged';
import type { DecodeStream } from '../decoder';
import type { Ids } from '../subword/ids';
import type { WordPieceModel } from '../subword/subword-model';
import { type Segment, SubwordTokenizer } from '../subword/subword-tokenizer';
import { WordMemory } from '../subword/word-memory';
import { textOf, toUtf8 } from '../utf8';
import { BertWords } from './bert-words';
import { LongestMatch } from './longest-match';
import { WordPieceStream } from './wordpiece-stream';

// What a byte is to the scanner.
const PLAIN = 0;
const SPACE = 1;
/** A word of its own. */
const PUNCTUATION = 2;
/** It needs `BertWords`: no ASCII, or a control character. */
const OTHER = 3;

/**
 * BERT's tokenizer: words by the basic tokenizer, their pieces by longest match. The ids are those of Hugging Face's `tokenizers` without
 * special tokens.
 */
export class WordPieceTokenizer extends SubwordTokenizer<WordPieceModel> {
  readonly #words: BertWords;
  readonly #match: LongestMatch;
  readonly #memory = new WordMemory();
  readonly #kinds: Uint8Array;
  readonly #word = new Uint8Array(64);

  /** @throws TokenizerError for a model that contradicts itself */
  constructor(model: WordPieceModel) {
    super(model);
    if (model.special.unk < 0) throw damaged('it has no unknown token');
    this.#words = new BertWords(model.text);
    this.#match = new LongestMatch(model);
    this.#kinds = byteKinds(model.text.cleanText);
  }

  decodeStream(): DecodeStream {
    const { prefix, decoding } = this.model;
    return new WordPieceStream(id => this.pieceOf(id), this.hidden, prefix, decoding);
  }

  beginsWord(id: number): boolean {
    return !this.pieceOf(id).startsWith(this.model.prefix);
  }

  /**
   * Cuts at ASCII white space, and around ASCII punctuation and ideographs. What stands between does not depend on its neighbours,
   * as nothing combines across such a character, and is remembered as it is in the text.
   */
  protected readonly segment: Segment = (bytes, begin, end, ids) => {
    const kinds = this.#kinds;
    const ideographs = this.model.text.chineseCharacters;
    for (let at = begin; at < end; ) {
      const from = at;
      const first = bytes[at]!;
      const kind = kinds[first]!;
      if (kind === SPACE) {
        at++;
        continue;
      }
      let hash = Math.imul(first, 0x01000193);
      let isPlain = kind !== OTHER;
      if (kind === PUNCTUATION) at++;
      else if (ideographs && isIdeograph(bytes, at)) at += 3;
      else
        for (at++; at < end; at++) {
          const byte = bytes[at]!;
          const next = kinds[byte]!;
          if (next !== PLAIN) {
            if (next !== OTHER || (ideographs && isIdeograph(bytes, at))) break;
            isPlain = false;
          }
          hash = Math.imul(hash ^ byte, 0x01000193) ^ (hash >>> 15);
        }
      if (at - from === 3) hash ^= (bytes[at - 2]! << 8) | bytes[at - 1]!;
      if (this.#memory.recall(bytes, from, at, hash, ids)) continue;
      const before = ids.count;
      if (isPlain && at - from <= this.#word.length) this.#plain(bytes, from, at, ids);
      else this.#other(textOf(bytes, from, at), ids);
      this.#memory.learn(bytes, from, at, hash, ids, before);
    }
  };

  /** A word of ASCII letters and digits, or a punctuation mark. */
  #plain(bytes: Uint8Array, begin: number, end: number, ids: Ids): void {
    const { lowercase } = this.model.text;
    for (let i = begin; i < end; i++) {
      const byte = bytes[i]!;
      this.#word[i - begin] = lowercase && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
    }
    this.#match.append(this.#word, 0, end - begin, end - begin, ids);
  }

  #other(text: string, ids: Ids): void {
    for (const word of this.#words.wordsOf(text)) {
      const bytes = toUtf8(word);
      this.#match.append(bytes, 0, bytes.length, characterCount(bytes), ids);
    }
  }
}

function characterCount(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count++;
  return count;
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
