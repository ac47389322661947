import type { SpecialTokens } from '@simvlm/core';

/** Kinds of pieces, with the numbers of SentencePiece's `ModelProto.SentencePiece.Type`. */
export const pieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;

export type PieceType = (typeof pieceType)[keyof typeof pieceType];

export interface Piece {
  readonly text: string;
  /** Natural logarithm of the piece's probability; 0 for special pieces. */
  readonly score: number;
  readonly type: PieceType;
}

/** How text is changed before it is cut into pieces. */
export interface NormalizerSettings {
  /** `nfkc`: Unicode NFKC; `identity`: nothing. */
  readonly name: 'nfkc' | 'identity';
  /** Put a space before the text, so that a word is the same piece everywhere. */
  readonly addDummyPrefix: boolean;
  /** Drop spaces at both ends and double ones. */
  readonly removeExtraWhitespaces: boolean;
}

/** A whole model: what a `.model` file holds. */
export interface TokenizerModel {
  readonly pieces: readonly Piece[];
  readonly special: SpecialTokens;
  readonly normalizer: NormalizerSettings;
  readonly byteFallback: boolean;
}

/** U+2581, which stands for a space inside pieces. */
export const SPACE = '\u2581';

/** The piece of a byte: `<0x0A>`. */
export function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
