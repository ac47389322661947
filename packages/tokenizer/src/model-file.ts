import { TokenizerError } from '@simvlm/core';
import { damaged, MessageWriter, readFields } from './protobuf';
import {
  bytePiece,
  type NormalizerSettings,
  type Piece,
  type PieceType,
  pieceType,
  type TokenizerModel,
} from './vocabulary';

/** Field numbers of sentencepiece_model.proto. */
const MODEL = { pieces: 1, trainer: 2, normalizer: 3 };
const PIECE = { text: 1, score: 2, type: 3 };
const TRAINER = {
  modelType: 3,
  vocabSize: 4,
  byteFallback: 35,
  whitespaceSuffix: 24,
  unk: 40,
  bos: 41,
  eos: 42,
  pad: 43,
  unkPiece: 45,
  bosPiece: 46,
  eosPiece: 47,
  padPiece: 48,
};
const NORMALIZER = {
  name: 1,
  charsmap: 2,
  addDummyPrefix: 3,
  removeExtraWhitespaces: 4,
  escapeWhitespaces: 5,
};
const UNIGRAM = 1;

/** The bytes of a SentencePiece `.model` file. */
export function writeModel({ pieces, special, normalizer, byteFallback }: TokenizerModel): Uint8Array {
  const file = new MessageWriter();
  for (const { text, score, type } of pieces) {
    const piece = new MessageWriter().bytes(PIECE.text, text).float(PIECE.score, score);
    file.bytes(MODEL.pieces, type === pieceType.normal ? piece : piece.varint(PIECE.type, type));
  }
  const trainer = new MessageWriter()
    .varint(TRAINER.modelType, UNIGRAM)
    .varint(TRAINER.vocabSize, pieces.length)
    .varint(TRAINER.byteFallback, byteFallback ? 1 : 0)
    .varint(TRAINER.unk, special.unk)
    .varint(TRAINER.bos, special.bos)
    .varint(TRAINER.eos, special.eos)
    .varint(TRAINER.pad, special.pad)
    .bytes(TRAINER.unkPiece, pieces[special.unk]!.text)
    .bytes(TRAINER.bosPiece, pieces[special.bos]!.text)
    .bytes(TRAINER.eosPiece, pieces[special.eos]!.text)
    .bytes(TRAINER.padPiece, pieces[special.pad]!.text);
  const settings = new MessageWriter()
    .bytes(NORMALIZER.name, normalizer.name)
    .varint(NORMALIZER.addDummyPrefix, normalizer.addDummyPrefix ? 1 : 0)
    .varint(NORMALIZER.removeExtraWhitespaces, normalizer.removeExtraWhitespaces ? 1 : 0)
    .varint(NORMALIZER.escapeWhitespaces, 1);
  return file.bytes(MODEL.trainer, trainer).bytes(MODEL.normalizer, settings).finish();
}

/**
 * Reads a `.model` file of a unigram model with all four special tokens.
 *
 * @throws TokenizerError for damaged files and for what is not supported, by name
 */
export function readModel(bytes: Uint8Array): TokenizerModel {
  const pieces: Piece[] = [];
  let trainer = new Map<number, number>();
  let normalizer: NormalizerSettings = {
    name: 'identity',
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
  };
  for (const field of readFields(bytes)) {
    if (field.kind !== 'bytes') continue;
    if (field.number === MODEL.pieces) pieces.push(readPiece(field.value));
    if (field.number === MODEL.trainer) trainer = readNumbers(field.value);
    if (field.number === MODEL.normalizer) normalizer = readNormalizer(field.value);
  }
  if (pieces.length === 0) throw damaged('it has no pieces');
  const type = trainer.get(TRAINER.modelType) ?? UNIGRAM;
  if (type !== UNIGRAM) throw unsupported(`model type ${type} (only unigram, 1, is)`);
  if (trainer.get(TRAINER.whitespaceSuffix)) throw unsupported('treat_whitespace_as_suffix');
  const byteFallback = trainer.get(TRAINER.byteFallback) === 1;
  checkPieces(pieces, byteFallback);
  const special = {
    unk: trainer.get(TRAINER.unk) ?? 0,
    bos: trainer.get(TRAINER.bos) ?? 1,
    eos: trainer.get(TRAINER.eos) ?? 2,
    pad: trainer.get(TRAINER.pad) ?? -1,
  };
  for (const [name, id] of Object.entries(special)) {
    const expected = name === 'unk' ? pieceType.unknown : pieceType.control;
    if (pieces[id]?.type !== expected)
      throw unsupported(
        `a model without a ${name} token (id ${id}); train with all of pad, bos, eos and unk`,
      );
  }
  if (new Set(Object.values(special)).size !== 4) throw damaged('two special tokens have the same id');
  return { pieces, special, normalizer, byteFallback };
}

function checkPieces(pieces: readonly Piece[], byteFallback: boolean): void {
  const texts = new Set<string>();
  for (const { text } of pieces) {
    if (text === '') throw damaged('a piece is empty');
    if (texts.has(text)) throw damaged(`the piece "${text}" stands twice`);
    texts.add(text);
  }
  for (let byte = 0; byteFallback && byte < 256; byte++) {
    if (!texts.has(bytePiece(byte))) throw damaged(`it has byte fallback but no piece ${bytePiece(byte)}`);
  }
}

function readPiece(bytes: Uint8Array): Piece {
  let text = '';
  let score = 0;
  let type: number = pieceType.normal;
  for (const field of readFields(bytes)) {
    if (field.number === PIECE.text && field.kind === 'bytes') text = utf8(field.value);
    if (field.number === PIECE.score && field.kind === 'float') score = field.value;
    if (field.number === PIECE.type && field.kind === 'varint') type = field.value;
  }
  if (!Number.isFinite(score)) throw damaged(`the piece "${text}" has score ${score}`);
  if (!(Object.values(pieceType) as number[]).includes(type))
    throw unsupported(`piece type ${type} of "${text}"`);
  if (type === pieceType.byte && !/^<0x[0-9A-F]{2}>$/.test(text)) throw damaged(`"${text}" is no byte piece`);
  return { text, score, type: type as PieceType };
}

function readNumbers(bytes: Uint8Array): Map<number, number> {
  const numbers = new Map<number, number>();
  for (const field of readFields(bytes))
    if (field.kind === 'varint') numbers.set(field.number, field.value > 2 ** 53 ? -1 : field.value);
  return numbers;
}

function readNormalizer(bytes: Uint8Array): NormalizerSettings {
  let name = 'identity';
  let charsmap = 0;
  for (const field of readFields(bytes)) {
    if (field.number === NORMALIZER.name && field.kind === 'bytes') name = utf8(field.value);
    if (field.number === NORMALIZER.charsmap && field.kind === 'bytes') charsmap = field.value.length;
  }
  const numbers = readNumbers(bytes);
  if (name !== 'nfkc' && name !== 'identity')
    throw unsupported(`the normaliser "${name}" (only nfkc and identity are)`);
  if (name === 'identity' && charsmap > 0) throw unsupported('a normaliser map of its own');
  if (numbers.get(NORMALIZER.escapeWhitespaces) === 0) throw unsupported('escape_whitespaces = false');
  return {
    name,
    addDummyPrefix: numbers.get(NORMALIZER.addDummyPrefix) !== 0,
    removeExtraWhitespaces: numbers.get(NORMALIZER.removeExtraWhitespaces) !== 0,
  };
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new TokenizerError('TOKENIZER_INVALID', 'not a usable SentencePiece model: a piece is not UTF-8', {
      cause: error,
    });
  }
}

function unsupported(what: string): TokenizerError {
  return new TokenizerError(
    'TOKENIZER_INVALID',
    `this SentencePiece model uses what is not supported yet: ${what}`,
  );
}
