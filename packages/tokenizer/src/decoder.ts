import { TokenizerError } from '@simvlm/core';
import { validCharacter } from './utf8';
import { type Piece, pieceType, SPACE, type TokenizerModel } from './vocabulary';

const characters = new TextDecoder('utf-8', { ignoreBOM: true });
/** The id of no piece. */
const NONE = -1;

/**
 * Turns ids into text one at a time. What `push` returns is final and never ends inside a character: bytes
 * that may be the beginning of one wait for the rest. All that `push` and `end` returned, joined, is what
 * `decode` gives for the same ids.
 */
export interface DecodeStream {
  /**
   * The text that this id completes; may be empty.
   *
   * @throws TokenizerError when the id is outside the vocabulary
   */
  push(id: number): string;
  /** The text of what still waited; the stream is then as new. */
  end(): string;
}

/** The stream of a SentencePiece model. */
export class SentencePieceStream implements DecodeStream {
  readonly #surfaces: Surfaces;
  /** Bytes that no character was made of yet. */
  readonly #bytes: number[] = [];
  /** A space at the beginning of the text goes. */
  #atBeginning = true;
  #sawSpace = false;
  #isEmpty = true;
  /** With a denormaliser the text is only known at the end. */
  #held = '';

  constructor(surfaces: Surfaces) {
    this.#surfaces = surfaces;
  }

  push(id: number): string {
    const byte = this.#surfaces.byteOf(id);
    if (byte === NONE) return this.#give(this.#drain(true) + this.#piece(id));
    this.#bytes.push(byte);
    return this.#give(this.#drain(false));
  }

  /** As `push`, for a text that is no piece: it stands as it is. */
  pushUnknown(text: string): string {
    const before = this.#drain(true);
    this.#isEmpty &&= text === '';
    this.#sawSpace = false;
    return this.#give(before + text);
  }

  end(): string {
    const rest = this.#give(this.#drain(true));
    const text = this.#surfaces.denormalize === undefined ? rest : this.#surfaces.denormalize(this.#held);
    this.#held = '';
    this.#atBeginning = this.#isEmpty = true;
    this.#sawSpace = false;
    return text;
  }

  #give(text: string): string {
    if (this.#surfaces.denormalize === undefined) return text;
    this.#held += text;
    return '';
  }

  #piece(id: number): string {
    if (this.#sawSpace || !this.#isEmpty) this.#atBeginning = false;
    const [text, sawSpace] = this.#surfaces.textOf(id, this.#atBeginning);
    this.#sawSpace = sawSpace;
    if (text !== '') this.#isEmpty = false;
    return text;
  }

  /** Makes characters of the bytes; each byte that belongs to none is U+FFFD. */
  #drain(all: boolean): string {
    if (this.#bytes.length === 0) return '';
    let text = '';
    let at = 0;
    while (at < this.#bytes.length) {
      const length = validCharacter(this.#bytes, at, this.#bytes.length);
      if (length < 0 && !all) break;
      text += length > 0 ? characters.decode(Uint8Array.from(this.#bytes.slice(at, at + length))) : '\uFFFD';
      at += Math.max(length, 1);
    }
    this.#bytes.splice(0, at);
    if (text !== '') this.#isEmpty = false;
    return text;
  }
}

/** What each id is decoded to. */
export class Surfaces {
  readonly denormalize: ((text: string) => string) | undefined;
  readonly #model: TokenizerModel;
  /** Texts with spaces, made when they are first wanted. */
  readonly #texts: (string | undefined)[] = [];

  constructor(model: TokenizerModel, denormalize?: (text: string) => string) {
    this.#model = model;
    this.denormalize = denormalize;
  }

  /** @throws TokenizerError when the id is outside the vocabulary */
  pieceOf(id: number): Piece {
    const piece = this.#model.pieces[id];
    if (piece !== undefined) return piece;
    throw new TokenizerError(
      'TOKEN_OUT_OF_RANGE',
      `id ${id} is outside the vocabulary; ids are whole numbers from 0 to ${this.#model.pieces.length - 1}`,
    );
  }

  /** The byte that the id stands for, or −1 for any other piece. */
  byteOf(id: number): number {
    const { text, type } = this.pieceOf(id);
    return type === pieceType.byte ? Number.parseInt(text.slice(3, 5), 16) : NONE;
  }

  /** The text of a piece that is no byte, and whether a dummy space was taken off it. */
  textOf(id: number, atBeginning: boolean): [text: string, sawSpace: boolean] {
    const { text, type } = this.#model.pieces[id]!;
    if (type === pieceType.control) return ['', false];
    if (type === pieceType.unknown) return [this.#model.unknownSurface, false];
    const surface = (this.#texts[id] ??= text.replaceAll(SPACE, ' '));
    const { addDummyPrefix, removeExtraWhitespaces } = this.#model.normalizer;
    if (!atBeginning || !(addDummyPrefix || removeExtraWhitespaces) || !text.startsWith(SPACE))
      return [surface, false];
    // Where extra spaces are dropped in encoding, every space at the beginning goes, else only the first.
    return [surface.slice(1), !removeExtraWhitespaces];
  }
}
