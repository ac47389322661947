import { damaged } from '../damaged';
import { type NormalizerSettings, pieceType, type TokenizerModel } from '../vocabulary';
import { MODEL, MODEL_TYPE, NORMALIZER, TRAINER, USUAL_NAMES } from './fields';
import { checkPieces, readPieces, textOf } from './pieces';
import { readFields } from './protobuf';

const USUAL_SURFACE = ' \u2047 ';

/**
 * Reads a SentencePiece `.model` file. Memory stays within about 50 times the file, and within ten times where a piece is
 * damaged.
 *
 * @throws TokenizerError for damaged files and for what is not supported, by name
 */
export function readModel(bytes: Uint8Array): TokenizerModel {
  checkPieces(bytes);
  let trainer = readValues(new Uint8Array(0), TRAINER);
  let normalizer = normalizerSettings(trainer);
  let denormalizer: NormalizerSettings | undefined;
  for (const field of readFields(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.number === MODEL.trainer) trainer = readValues(field.value, TRAINER);
    if (field.number === MODEL.normalizer)
      normalizer = normalizerSettings(readValues(field.value, NORMALIZER));
    if (field.number === MODEL.denormalizer)
      denormalizer = normalizerSettings(readValues(field.value, NORMALIZER));
  }
  const type = trainer.number(TRAINER.modelType, MODEL_TYPE.unigram);
  if (type !== MODEL_TYPE.unigram && type !== MODEL_TYPE.bpe)
    throw damaged(`model type ${type} is not supported (only unigram, 1, and BPE, 2)`);
  // As in the original, a special token is the control piece of its name; the id that the file gives is not
  // looked at.
  const pieces = readPieces(bytes);
  const controls = new Map<string, number>();
  for (const [id, { text, type }] of pieces.entries()) if (type === pieceType.control) controls.set(text, id);
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

function normalizerSettings(values: Values): NormalizerSettings {
  const flag = (number: number) => values.number(number, 1) !== 0;
  return {
    name: values.text(NORMALIZER.name) ?? '',
    // A copy, so that the map does not keep the whole file in memory; `slice` of a Node.js buffer would not copy.
    charMap: new Uint8Array(values.bytes.get(NORMALIZER.charMap) ?? []),
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

/** @param fields the numbers of those that are looked for; a hostile file has any number of others */
function readValues(message: Uint8Array, fields: Readonly<Record<string, number>>): Values {
  const wanted = new Set(Object.values(fields));
  const numbers = new Map<number, number>();
  const bytes = new Map<number, Uint8Array>();
  for (const field of readFields(message)) {
    if (!wanted.has(field.number)) continue;
    if (field.kind === 'bytes') bytes.set(field.number, field.value);
    else if (field.kind === 'varint') numbers.set(field.number, field.value);
  }
  return {
    bytes,
    number: (field, otherwise) => numbers.get(field) ?? otherwise,
    text: field => {
      const value = bytes.get(field);
      return value && textOf(value);
    },
  };
}
