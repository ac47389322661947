import type { Segmenter } from './segment/segmenter';
import { Tokens } from './segment/tokens';
import { toUtf8 } from './utf8';
import {
  bytePiece,
  type NormalizerSettings,
  type Piece,
  type PieceType,
  pieceType,
  type TokenizerModel,
} from './vocabulary';

/** Models made by hand. */

export function piece(text: string, score = 0, type: PieceType = pieceType.normal): Piece {
  return { text, score: Math.fround(score), type };
}

export const userDefined = (text: string) => piece(text, 0, pieceType.userDefined);
export const unused = (text: string, score = 0) => piece(text, score, pieceType.unused);
export const control = (text: string) => piece(text, 0, pieceType.control);

/** Characters stay as they are; spaces are put in order. */
export const spaces: NormalizerSettings = {
  name: 'identity',
  charMap: new Uint8Array(0),
  addDummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
};

/** Nothing at all is done. */
export const verbatim: NormalizerSettings = {
  ...spaces,
  addDummyPrefix: false,
  removeExtraWhitespaces: false,
  escapeWhitespaces: false,
};

/** The id of the first piece that `modelOf` is given. */
export const FIRST = 4;

/** A model with `<unk>`, `<s>`, `</s>` and `<pad>`, ids 0 to 3, then these pieces, then the 256 byte pieces if it falls back to them. */
export function modelOf(pieces: readonly Piece[], changes: Partial<TokenizerModel> = {}): TokenizerModel {
  const bytes = Array.from({ length: changes.byteFallback ? 256 : 0 }, (_, byte) =>
    piece(bytePiece(byte), 0, pieceType.byte),
  );
  return {
    algorithm: 'unigram',
    pieces: [
      piece('<unk>', 0, pieceType.unknown),
      control('<s>'),
      control('</s>'),
      control('<pad>'),
      ...pieces,
      ...bytes,
    ],
    special: { unk: 0, bos: 1, eos: 2, pad: 3 },
    normalizer: verbatim,
    byteFallback: false,
    whitespaceSuffix: false,
    unknownSurface: ' \u2047 ',
    ...changes,
  };
}

/** What a segmenter found: a piece's id and the text that it covers. */
export interface Cut {
  readonly ids: readonly number[];
  readonly texts: readonly string[];
  readonly unknown: number;
}

/** Runs what appends the pieces of some bytes to tokens; fails where they do not cover them from the beginning to the end. */
export function cutOf(text: string, append: (bytes: Uint8Array, tokens: Tokens) => void): Cut {
  const bytes = toUtf8(text);
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const tokens = new Tokens();
  append(bytes, tokens);
  const ends = [...tokens.ends.subarray(0, tokens.count)];
  if ((ends.at(-1) ?? 0) !== bytes.length) throw new Error(`pieces end at ${ends}, not at ${bytes.length}`);
  return {
    ids: [...tokens.ids.subarray(0, tokens.count)],
    texts: ends.map((end, i) => whole.toString('utf8', ends[i - 1] ?? 0, end)),
    unknown: tokens.unknown,
  };
}

/** What a segmenter makes of a whole text. */
export function cut(segmenter: Segmenter, text: string): Cut {
  return cutOf(text, (bytes, tokens) => segmenter.segment(bytes, 0, bytes.length, 0, tokens));
}

/**
 * How many times as long `run` takes on sixteen times as much: 16 for what is proportional, 256 for what is quadratic; the noise of a busy
 * machine lies between. Processor time, the least of three.
 */
export function growth(run: (size: number) => void, size: number): number {
  const timeOf = (size: number) => {
    const times = [0, 1, 2].map(() => {
      const before = process.cpuUsage();
      run(size);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
    return Math.min(...times);
  };
  timeOf(size);
  return timeOf(size * 16) / timeOf(size);
}
