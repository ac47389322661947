import { damaged } from '../damaged';
import { fromUtf8 } from '../utf8';
import {
  type NormalizerSettings,
  type Piece,
  type PieceType,
  pieceType,
  type TokenizerModel,
} from '../vocabulary';
import { MODEL, MODEL_TYPE, NORMALIZER, PIECE, TRAINER, USUAL_NAMES } from './fields';
import { readFields } from './protobuf';

const USUAL_SURFACE = ' \u2047 ';

const types = new Set<number>(Object.values(pieceType));

/**
 * Reads a SentencePiece `.model` file. Memory stays within 40 times the file.
 *
 * @throws TokenizerError for damaged files and for what is not supported, by name
 */
export function readModel(bytes: Uint8Array): TokenizerModel {
  const pieces: Piece[] = [];
  let trainer = readValues(new Uint8Array(0));
  let normalizer = normalizerSettings(trainer);
  let denormalizer: NormalizerSettings | undefined;
  for (const field of readFields(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.number === MODEL.pieces) pieces.push(readPiece(field.value));
    if (field.number === MODEL.trainer) trainer = readValues(field.value);
    if (field.number === MODEL.normalizer) normalizer = normalizerSettings(readValues(field.value));
    if (field.number === MODEL.denormalizer) denormalizer = normalizerSettings(readValues(field.value));
  }
  if (pieces.length === 0) throw damaged('it has no pieces');
  const type = trainer.number(TRAINER.modelType, MODEL_TYPE.unigram);
  if (type !== MODEL_TYPE.unigram && type !== MODEL_TYPE.bpe)
    throw damaged(`model type ${type} is not supported (only unigram, 1, and BPE, 2)`);
  // As in the original, a special token is the control piece of its name; the id that the file gives is not
  // looked at.
  const controls = new Map(
    pieces.map((piece, id) => [piece.type === pieceType.control ? piece.text : '', id]),
  );
  const idOf = (name: 'pad' | 'bos' | 'eos') =>
    controls.get(trainer.text(TRAINER[`${name}Piece`]) || USUAL_NAMES[name]) ?? -1;
  return {
    algorithm: type === MODEL_TYPE.unigram ? 'unigram' : 'bpe',
    pieces,
    special: {
      pad: idOf('pad'),
      bos: idOf('bos'),
      eos: idOf('eos'),
      unk: pieces.findIndex(piece => piece.type === pieceType.unknown),
    },
    normalizer,
    ...(denormalizer && denormalizer.charMap.length > 0 ? { denormalizer } : {}),
    byteFallback: trainer.number(TRAINER.byteFallback, 0) !== 0,
    whitespaceSuffix: trainer.number(TRAINER.whitespaceSuffix, 0) !== 0,
    unknownSurface: trainer.text(TRAINER.unknownSurface) ?? USUAL_SURFACE,
  };
}

function readPiece(bytes: Uint8Array): Piece {
  let text = '';
  let score = 0;
  let type: number = pieceType.normal;
  for (const field of readFields(bytes)) {
    if (field.number === PIECE.text && field.kind === 'bytes') text = utf8(field.value);
    else if (field.number === PIECE.score && field.kind === 'float') score = field.value;
    else if (field.number === PIECE.type && field.kind === 'varint') type = field.value;
  }
  if (text === '') throw damaged('a piece in it is empty');
  if (!types.has(type)) throw damaged(`the piece "${text}" has the unknown type ${type}`);
  return { text, score, type: type as PieceType };
}

function normalizerSettings(values: Values): NormalizerSettings {
  const flag = (number: number) => values.number(number, 1) !== 0;
  return {
    name: values.text(NORMALIZER.name) ?? '',
    // `slice` of a Node.js buffer would not copy.
    charMap: Uint8Array.from(values.bytes.get(NORMALIZER.charMap) ?? []),
    addDummyPrefix: flag(NORMALIZER.addDummyPrefix),
    removeExtraWhitespaces: flag(NORMALIZER.removeExtraWhitespaces),
    escapeWhitespaces: flag(NORMALIZER.escapeWhitespaces),
  };
}

/** The fields of a message; of one that stands several times the last. */
interface Values {
  readonly bytes: ReadonlyMap<number, Uint8Array>;
  number(field: number, otherwise: number): number;
  text(field: number): string | undefined;
}

function readValues(message: Uint8Array): Values {
  const numbers = new Map<number, number>();
  const bytes = new Map<number, Uint8Array>();
  for (const field of readFields(message)) {
    if (field.kind === 'bytes') bytes.set(field.number, field.value);
    else if (field.kind === 'varint') numbers.set(field.number, field.value);
  }
  return {
    bytes,
    number: (field, otherwise) => numbers.get(field) ?? otherwise,
    text: field => {
      const value = bytes.get(field);
      return value && utf8(value);
    },
  };
}

function utf8(bytes: Uint8Array): string {
  const text = fromUtf8(bytes);
  if (text === undefined) throw damaged(`a text in it is not UTF-8: ${bytes.subarray(0, 8).join(' ')} …`);
  return text;
}
