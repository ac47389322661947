import type { Tokens } from './tokens';

/** Cuts normalised text into pieces. */
export interface Segmenter {
  /**
   * How narrowly the last segmentation was decided: the least difference of scores between two ways to reach
   * the same place; infinite where nothing was compared.
   */
  readonly margin: number;

  /**
   * Appends the pieces of `bytes[begin … end)` to `tokens`, with their ends in `bytes`; a character without a
   * piece is the unknown token.
   *
   * @param base the score of what stands before, in the same text: a float32. Scores are summed in float32
   * from the beginning of the text, as in the original, so that even near ties fall the same way
   * @returns the score of all up to `end`
   */
  segment(bytes: Uint8Array, begin: number, end: number, base: number, tokens: Tokens): number;
}
