import type { DoubleArray } from '../double-array';
import { textTrie } from '../text-trie';
import { type Piece, type PieceType, pieceType } from '../vocabulary';

/** The kinds of pieces that text is made of. */
const TEXT: readonly PieceType[] = [pieceType.normal, pieceType.userDefined, pieceType.unused];

/** The pieces of the given kinds as a trie with their ids. */
export function pieceTrie(pieces: readonly Piece[], types: readonly PieceType[] = TEXT): DoubleArray {
  const ids: number[] = [];
  for (const [id, { type }] of pieces.entries()) if (types.includes(type)) ids.push(id);
  return textTrie(
    ids.map(id => pieces[id]!.text),
    ids,
  );
}
