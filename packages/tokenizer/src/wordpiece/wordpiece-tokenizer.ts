import { damaged } from '../damaged';
import type { DecodeStream } from '../decoder';
import type { Ids } from '../subword/ids';
import type { WordPieceModel } from '../subword/subword-model';
import { type Segment, SubwordTokenizer } from '../subword/subword-tokenizer';
import { WordMemory } from '../subword/word-memory';
import { textOf, toUtf8 } from '../utf8';
import { BertChunks } from './bert-chunks';
import { BertWords } from './bert-words';
import { LongestMatch } from './longest-match';
import { WordPieceStream } from './wordpiece-stream';

/**
 * BERT's tokenizer: words by the basic tokenizer, their pieces by longest match. The ids are those of Hugging Face's `tokenizers` without
 * special tokens.
 */
export class WordPieceTokenizer extends SubwordTokenizer<WordPieceModel> {
  readonly #words: BertWords;
  readonly #match: LongestMatch;
  readonly #memory = new WordMemory();
  readonly #chunks: BertChunks;
  readonly #word = new Uint8Array(64);

  /** @throws TokenizerError for a model that contradicts itself */
  constructor(model: WordPieceModel) {
    super(model);
    if (model.special.unk < 0) throw damaged('it has no unknown token');
    this.#words = new BertWords(model.text);
    this.#match = new LongestMatch(model);
    this.#chunks = new BertChunks(model.text);
  }

  decodeStream(): DecodeStream {
    const { prefix, decoding } = this.model;
    return new WordPieceStream(id => this.pieceOf(id), this.hidden, prefix, decoding);
  }

  beginsWord(id: number): boolean {
    return !this.pieceOf(id).startsWith(this.model.prefix);
  }

  protected readonly segment: Segment = (bytes, begin, end, ids) => {
    const [chunks, memory] = [this.#chunks, this.#memory];
    for (let at = begin; at < end; ) {
      at = chunks.next(bytes, at, end);
      const from = chunks.begin;
      if (from === at || memory.recall(bytes, from, at, ids)) continue;
      const before = ids.count;
      if (chunks.isPlain && at - from <= this.#word.length) this.#plain(bytes, from, at, ids);
      else this.#other(textOf(bytes, from, at), ids);
      memory.learn(bytes, from, at, ids, before);
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
