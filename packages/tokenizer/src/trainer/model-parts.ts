import { charMapOf } from '../normalizer/compile-char-map';
import { SentencePieceTokenizer } from '../tokenizer';
import type { Algorithm, NormalizerSettings, Piece } from '../vocabulary';
import type { Corpus } from './corpus';
import { type CheckedOptions, SPECIAL } from './options';
import { VocabularySizeError } from './vocabulary-size-error';

/** The normaliser of a model that is trained here. */
export function normalizerOf({ normalization }: CheckedOptions): NormalizerSettings {
  return {
    name: normalization,
    charMap: charMapOf(normalization),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
  };
}

/**
 * How many pieces there are to learn, the characters included.
 *
 * @throws VocabularySizeError when there are fewer than characters
 */
export function roomFor(
  { characters }: Corpus,
  fixed: readonly Piece[],
  { vocabSize }: CheckedOptions,
): number {
  const needed = characters.length + fixed.length;
  if (vocabSize < needed)
    throw new VocabularySizeError(
      `vocabSize ${vocabSize} is too small: ${characters.length} characters and ${fixed.length} special pieces need ${needed}; ask for more, or lower characterCoverage`,
      { vocabSize, least: needed },
    );
  return vocabSize - fixed.length;
}

/**
 * The whole model.
 *
 * @throws VocabularySizeError when the text gave too few pieces
 */
export function finished(
  algorithm: Algorithm,
  learned: readonly Piece[],
  fixed: readonly Piece[],
  normalizer: NormalizerSettings,
  { vocabSize, hardVocabLimit, byteFallback }: CheckedOptions,
): SentencePieceTokenizer {
  const pieces = [...fixed, ...learned];
  if (pieces.length < vocabSize && hardVocabLimit)
    throw new VocabularySizeError(
      `vocabSize ${vocabSize} is too large for this text: it gives ${pieces.length} pieces; ask for fewer, or pass hardVocabLimit: false`,
      { vocabSize, most: pieces.length },
    );
  return new SentencePieceTokenizer({
    algorithm,
    pieces,
    special: SPECIAL,
    normalizer,
    byteFallback,
    whitespaceSuffix: false,
    unknownSurface: ' \u2047 ',
  });
}
