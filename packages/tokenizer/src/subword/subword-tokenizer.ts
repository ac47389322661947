import { type SpecialTokens, type Tokenizer, TokenizerError } from '@simvlm/core';
import type { DecodeStream } from '../decoder';
import { sentinelIds } from '../sentinels';
import { Utf8Source } from '../utf8';
import { AddedTokens, type Parts } from './added-tokens';
import { allPieces, checkSubword } from './check-subword';
import { Ids } from './ids';
import type { SubwordModel } from './subword-model';

/** Buffers longer than this are given back after use. */
const KEPT = 2 ** 20;

/** Cuts text in which no added token stands: appends the ids of `bytes[begin … end)`. */
export type Segment = (bytes: Uint8Array, begin: number, end: number, ids: Ids) => void;

/**
 * What WordPiece and byte-level BPE do alike. Keeps buffers for texts of up to a megabyte and remembers up to 65,536 words. Not to
 * be shared between workers; each loads its own.
 */
export abstract class SubwordTokenizer<M extends SubwordModel> implements Tokenizer {
  readonly model: M;
  /** Ids of the sentinels `<extra_id_0>`, `<extra_id_1>`, … of span corruption; `withSentinels` adds them to a model. */
  readonly sentinels: readonly number[];
  protected readonly pieces: readonly string[];
  /** Ids of the pieces that decoding leaves out. */
  protected readonly hidden: ReadonlySet<number>;
  readonly #idOf: ReadonlyMap<string, number>;
  readonly #added: AddedTokens;
  readonly #source = new Utf8Source();
  readonly #ids = new Ids();
  /** Takes what the text at hand is made of. */
  readonly #parts: Parts = {
    text: (begin, end) => this.segment(this.#source.bytes, begin, end, this.#ids),
    token: id => this.#ids.push(id),
  };

  /** @throws TokenizerError for a model that contradicts itself */
  constructor(model: M) {
    this.model = model;
    this.pieces = allPieces(model);
    this.#idOf = checkSubword(model, this.pieces);
    this.#added = new AddedTokens(model.added);
    this.hidden = new Set(model.added.filter(({ special }) => special).map(({ id }) => id));
    this.sentinels = sentinelIds(this.#idOf);
  }

  /** Decodes ids as they come, as in generation. */
  abstract decodeStream(): DecodeStream;

  /** Whether a piece begins a word. @throws TokenizerError when the id is outside the vocabulary */
  abstract beginsWord(id: number): boolean;

  protected abstract readonly segment: Segment;

  get vocabSize(): number {
    return this.pieces.length;
  }

  /** Ids of the special tokens; −1 for one that the model does not have. */
  get special(): SpecialTokens {
    return this.model.special;
  }

  /**
   * The ids of a text. None is added, but the added tokens that stand in the text are found. A lone surrogate is read as U+FFFD.
   *
   * @throws TokenizerError for a text beyond 256 MiB
   */
  encode(text: string): Int32Array {
    const [source, ids] = [this.#source, this.#ids];
    source.write(text);
    ids.count = 0;
    this.#added.cut(source.bytes, 0, source.length, this.#parts);
    const found = ids.list.slice(0, ids.count);
    source.shrink(KEPT);
    ids.shrink(KEPT);
    return found;
  }

  /** How many tokens a text has. */
  countTokens(text: string): number {
    return this.encode(text).length;
  }

  /** The pieces of a text. */
  encodePieces(text: string): readonly string[] {
    return Array.from(this.encode(text), id => this.pieces[id]!);
  }

  /**
   * The text of ids; special tokens are left out.
   *
   * @throws TokenizerError when an id is outside the vocabulary
   */
  decode(ids: ArrayLike<number>): string {
    const stream = this.decodeStream();
    let text = '';
    for (let i = 0; i < ids.length; i++) text += stream.push(ids[i]!);
    return text + stream.end();
  }

  /**
   * As `decode`, for pieces.
   *
   * @throws TokenizerError when one is no piece
   */
  decodePieces(pieces: Iterable<string>): string {
    const ids: number[] = [];
    for (const piece of pieces) {
      const id = this.#idOf.get(piece);
      if (id === undefined)
        throw new TokenizerError(
          'TOKEN_OUT_OF_RANGE',
          `${JSON.stringify(piece)} is no piece of this tokenizer`,
        );
      ids.push(id);
    }
    return this.decode(ids);
  }

  /** @throws TokenizerError when the id is outside the vocabulary */
  pieceOf(id: number): string {
    const piece = this.pieces[id];
    if (piece !== undefined) return piece;
    throw new TokenizerError(
      'TOKEN_OUT_OF_RANGE',
      `id ${id} is outside the vocabulary; ids are whole numbers from 0 to ${this.pieces.length - 1}`,
    );
  }

  idOf(piece: string): number | undefined {
    return this.#idOf.get(piece);
  }
}
