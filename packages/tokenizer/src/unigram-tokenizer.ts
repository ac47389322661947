import { type SpecialTokens, type Tokenizer, TokenizerError } from '@simvlm/core';
import { writeModel } from './model-file';
import { normalize } from './normalize';
import { Segmenter } from './segmenter';
import { bytePiece, pieceType, SPACE, type TokenizerModel } from './vocabulary';

/** Words whose pieces are remembered; when full it is emptied. */
const CACHED_WORDS = 50_000;

/** A SentencePiece unigram model at work (Kudo, 2018). */
export class UnigramTokenizer implements Tokenizer {
  readonly model: TokenizerModel;
  readonly #segmenter: Segmenter;
  readonly #ids: Map<string, number>;
  /** Id of each byte's piece, with byte fallback. */
  readonly #byteIds: Int32Array;
  readonly #cache = new Map<string, Int32Array>();
  readonly #cacheable: boolean;

  constructor(model: TokenizerModel) {
    this.model = model;
    this.#segmenter = new Segmenter(model.pieces);
    this.#ids = new Map(model.pieces.map(({ text }, id) => [text, id]));
    this.#byteIds = Int32Array.from(
      { length: 256 },
      (_, byte) => this.#ids.get(bytePiece(byte)) ?? model.special.unk,
    );
    // Words can be cut apart only where no piece reaches over a space.
    this.#cacheable = model.pieces.every(
      ({ text, type }) => type !== pieceType.userDefined && text.lastIndexOf(SPACE) <= 0,
    );
  }

  get vocabSize(): number {
    return this.model.pieces.length;
  }

  get special(): SpecialTokens {
    return this.model.special;
  }

  /** Ids of the likeliest segmentation, without special tokens; the empty text gives none. */
  encode(text: string): Int32Array {
    const normalized = normalize(text, this.model.normalizer);
    if (!this.#cacheable) return this.#encodeNormalized(normalized);
    const ids: number[] = [];
    for (let begin = 0; begin < normalized.length; ) {
      const next = normalized.indexOf(SPACE, begin + 1);
      const end = next < 0 ? normalized.length : next;
      for (const id of this.#encodeWord(normalized.slice(begin, end))) {
        // Unknown characters in a row are one unknown token, as in the original.
        if (id !== this.special.unk || this.model.byteFallback || ids.at(-1) !== id) ids.push(id);
      }
      begin = end;
    }
    return Int32Array.from(ids);
  }

  /** The pieces of the likeliest segmentation; unknown characters stand as they are. */
  encodePieces(text: string): string[] {
    const normalized = normalize(text, this.model.normalizer);
    const pieces: string[] = [];
    let unknown = false;
    this.#segmenter.segment(normalized, (id, begin, end) => {
      const piece = normalized.slice(begin, end);
      if (id < 0 && this.model.byteFallback)
        pieces.push(...Array.from(new TextEncoder().encode(piece), bytePiece));
      else if (id < 0 && unknown) pieces[pieces.length - 1] += piece;
      else pieces.push(piece);
      unknown = id < 0;
    });
    return pieces;
  }

  /**
   * The text of ids: control tokens are left out, byte pieces joined as UTF-8, the dummy prefix removed.
   *
   * @throws TokenizerError when an id is outside the vocabulary
   */
  decode(ids: ArrayLike<number>): string {
    let text = '';
    let bytes: number[] = [];
    const flush = () => {
      if (bytes.length > 0) text += new TextDecoder().decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      const piece = this.model.pieces[id];
      if (!piece)
        throw new TokenizerError(
          'TOKEN_OUT_OF_RANGE',
          `id ${id} is outside the vocabulary of ${this.vocabSize}`,
        );
      if (piece.type === pieceType.byte) {
        bytes.push(Number.parseInt(piece.text.slice(3, 5), 16));
        continue;
      }
      flush();
      if (piece.type === pieceType.unknown) text += ' \u2047 ';
      else if (piece.type !== pieceType.control) text += piece.text;
    }
    flush();
    const spaced = text.replaceAll(SPACE, ' ');
    return this.model.normalizer.addDummyPrefix && spaced.startsWith(' ') ? spaced.slice(1) : spaced;
  }

  /** How many tokens a text has. */
  countTokens(text: string): number {
    return this.encode(text).length;
  }

  /** @throws TokenizerError when the id is outside the vocabulary */
  pieceOf(id: number): string {
    const piece = this.model.pieces[id];
    if (!piece)
      throw new TokenizerError(
        'TOKEN_OUT_OF_RANGE',
        `id ${id} is outside the vocabulary of ${this.vocabSize}`,
      );
    return piece.text;
  }

  idOf(piece: string): number | undefined {
    return this.#ids.get(piece);
  }

  /** The model as the bytes of a SentencePiece `.model` file. */
  save(): Uint8Array {
    return writeModel(this.model);
  }

  #encodeWord(word: string): Int32Array {
    const known = this.#cache.get(word);
    if (known) return known;
    const ids = this.#encodeNormalized(word);
    if (this.#cache.size >= CACHED_WORDS) this.#cache.clear();
    if (word.length <= 64) this.#cache.set(word, ids);
    return ids;
  }

  #encodeNormalized(text: string): Int32Array {
    const ids: number[] = [];
    const { unk } = this.special;
    this.#segmenter.segment(text, (id, begin, end) => {
      if (id >= 0) ids.push(id);
      else if (this.model.byteFallback)
        for (const byte of new TextEncoder().encode(text.slice(begin, end))) ids.push(this.#byteIds[byte]!);
      else if (ids.at(-1) !== unk) ids.push(unk);
    });
    return Int32Array.from(ids);
  }
}
