import type { DoubleArray } from '../double-array';
import { toUtf8 } from '../utf8';
import { pieceType, type TokenizerModel } from '../vocabulary';
import { pieceTrie } from './piece-trie';

/** SentencePiece's penalty: an unknown character scores this much below the worst piece. */
const UNKNOWN_PENALTY = 10;
/** C's FLT_MIN and FLT_MAX: where the original's search for the greatest and the least score begins. */
const FLT_MIN = 2 ** -126;
const FLT_MAX = (2 - 2 ** -23) * 2 ** 127;

/** What segmentation reads of a unigram model. */
export interface UnigramVocabulary {
  /** Ids of the pieces that text is made of. */
  readonly trie: DoubleArray;
  /** Of each id; user-defined pieces and the unknown token have what the original gives them. */
  readonly scores: Float64Array;
  /** 1 for pieces that are never used; undefined where there are none. */
  readonly unused: Uint8Array | undefined;
  readonly unknown: number;
}

export function unigramVocabulary({ pieces, special }: TokenizerModel): UnigramVocabulary {
  const scores = Float64Array.from(pieces, ({ score }) => score);
  let least = FLT_MAX;
  let greatest = FLT_MIN;
  for (const { score, type } of pieces) {
    if (type !== pieceType.normal) continue;
    least = Math.min(least, score);
    greatest = Math.max(greatest, score);
  }
  for (const [id, { text, type }] of pieces.entries()) {
    // All but always preferred to other segmentations, whose scores are logarithms of probabilities.
    if (type === pieceType.userDefined) scores[id] = Math.fround(toUtf8(text).length * greatest) - 0.1;
  }
  scores[special.unk] = Math.fround(least - UNKNOWN_PENALTY);
  const isUnused = pieces.some(({ type }) => type === pieceType.unused);
  return {
    trie: pieceTrie(pieces),
    scores,
    unused: isUnused ? Uint8Array.from(pieces, ({ type }) => (type === pieceType.unused ? 1 : 0)) : undefined,
    unknown: special.unk,
  };
}
