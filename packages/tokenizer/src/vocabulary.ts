import type { SpecialTokens } from '@simvlm/core';

/** Kinds of pieces, with the numbers of SentencePiece's `ModelProto.SentencePiece.Type`. */
export const pieceType = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
} as const;

export type PieceType = (typeof pieceType)[keyof typeof pieceType];

export interface Piece {
  readonly text: string;
  /**
   * Unigram: the natural logarithm of the piece's probability. BPE: minus the rank of the merge that makes
   * it. 0 for special pieces. A float32, as the file holds it.
   */
  readonly score: number;
  readonly type: PieceType;
}

/** How text is changed before it is cut into pieces: SentencePiece's `NormalizerSpec`. */
export interface NormalizerSettings {
  /** The name of the rule that made the map, such as `nmt_nfkc`. Information only: the map is what counts. */
  readonly name: string;
  /**
   * The compiled map as it stands in the file (`precompiled_charsmap`); empty: characters stay as they are.
   */
  readonly charMap: Uint8Array;
  /**
   * Put a space before the text (behind it, with `whitespaceSuffix`), so that a word is the same piece
   * everywhere.
   */
  readonly addDummyPrefix: boolean;
  /** Drop spaces at both ends and double ones. */
  readonly removeExtraWhitespaces: boolean;
  /** Write a space as U+2581. */
  readonly escapeWhitespaces: boolean;
}

/**
 * How a text is cut into pieces: the likeliest segmentation (Kudo 2018), or merges by rank (Sennrich et al.
 * 2016).
 */
export type Algorithm = 'unigram' | 'bpe';

/** A whole model: what a `.model` file holds. */
export interface TokenizerModel {
  readonly algorithm: Algorithm;
  readonly pieces: readonly Piece[];
  /** Ids of the special tokens; −1 for one that the model does not have (`unk` is always there). */
  readonly special: SpecialTokens;
  readonly normalizer: NormalizerSettings;
  /** What is done to decoded text; most models have none. */
  readonly denormalizer?: NormalizerSettings;
  /** Characters without a piece are spelled as UTF-8 bytes, 256 pieces `<0x00>` … `<0xFF>`. */
  readonly byteFallback: boolean;
  /** Spaces end a piece instead of beginning it (`treat_whitespace_as_suffix`). */
  readonly whitespaceSuffix: boolean;
  /** What the unknown token is decoded to. */
  readonly unknownSurface: string;
}

/** U+2581, which stands for a space inside pieces. */
export const SPACE = '\u2581';

/** The piece of a byte: `<0x0A>`. */
export function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
