import { damaged, shown } from '../damaged';
import { fromUtf8 } from '../utf8';
import { type Piece, type PieceType, pieceType } from '../vocabulary';
import { DistinctParts } from './distinct-parts';
import { MODEL, PIECE } from './fields';
import { readFields } from './protobuf';

const types = new Set<number>(Object.values(pieceType));

/**
 * Makes sure of the pieces of a `.model` file before any of them is kept, so that a file that is refused costs no more memory than a few
 * times its size, whatever it is made of.
 *
 * @throws TokenizerError for a piece that cannot be read, for two of the same text, and where there is none
 */
export function checkPieces(file: Uint8Array): void {
  const texts = new DistinctParts(file);
  for (const message of pieceMessages(file)) {
    const { bytes, text } = readPiece(message);
    const begin = bytes.byteOffset - file.byteOffset;
    if (!texts.add(begin, begin + bytes.length)) throw damaged(`the piece ${shown(text)} stands twice`);
  }
  if (texts.count === 0) throw damaged('it has no pieces');
}

/** The pieces of a file that `checkPieces` has passed, in the order of their ids. */
export function readPieces(file: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  for (const message of pieceMessages(file)) {
    const { text, score, type } = readPiece(message);
    pieces.push({ text, score, type });
  }
  return pieces;
}

function* pieceMessages(file: Uint8Array): Generator<Uint8Array> {
  for (const field of readFields(file))
    if (field.kind === 'bytes' && field.number === MODEL.pieces) yield field.value;
}

/** A piece, and its text as it lies in the file. */
function readPiece(message: Uint8Array): Piece & { bytes: Uint8Array } {
  let bytes = message.subarray(0, 0);
  let score = 0;
  let type: number = pieceType.normal;
  for (const field of readFields(message)) {
    if (field.number === PIECE.text && field.kind === 'bytes') bytes = field.value;
    else if (field.number === PIECE.score && field.kind === 'float') score = field.value;
    else if (field.number === PIECE.type && field.kind === 'varint') type = field.value;
  }
  if (bytes.length === 0) throw damaged('a piece in it is empty');
  const text = textOf(bytes);
  if (!types.has(type)) throw damaged(`the piece ${shown(text)} has the unknown type ${type}`);
  return { text, score, type: type as PieceType, bytes };
}

/** @throws TokenizerError for bytes that are not UTF-8 */
export function textOf(bytes: Uint8Array): string {
  const text = fromUtf8(bytes);
  if (text === undefined) throw damaged(`a text in it is not UTF-8: ${bytes.subarray(0, 8).join(' ')} …`);
  return text;
}
