import { type NormalizerSettings, pieceType, type TokenizerModel } from '../vocabulary';
import { MODEL, MODEL_TYPE, NORMALIZER, PIECE, TRAINER } from './fields';
import { MessageWriter } from './protobuf';

/** The bytes of a SentencePiece `.model` file. */
export function writeModel(model: TokenizerModel): Uint8Array {
  const { pieces, special } = model;
  const file = new MessageWriter();
  for (const { text, score, type } of pieces) {
    const piece = new MessageWriter().bytes(PIECE.text, text).float(PIECE.score, score);
    file.bytes(MODEL.pieces, type === pieceType.normal ? piece : piece.varint(PIECE.type, type));
  }
  const trainer = new MessageWriter()
    .varint(TRAINER.modelType, MODEL_TYPE[model.algorithm])
    .varint(TRAINER.vocabSize, pieces.length)
    .varint(TRAINER.whitespaceSuffix, Number(model.whitespaceSuffix))
    .varint(TRAINER.byteFallback, Number(model.byteFallback))
    .bytes(TRAINER.unknownSurface, model.unknownSurface);
  for (const name of ['unk', 'bos', 'eos', 'pad'] as const) {
    trainer.varint(TRAINER[name], special[name]);
    if (special[name] >= 0) trainer.bytes(TRAINER[`${name}Piece`], pieces[special[name]]!.text);
  }
  file.bytes(MODEL.trainer, trainer).bytes(MODEL.normalizer, normalizerMessage(model.normalizer));
  if (model.denormalizer !== undefined) file.bytes(MODEL.denormalizer, normalizerMessage(model.denormalizer));
  return file.finish();
}

function normalizerMessage(settings: NormalizerSettings): MessageWriter {
  return new MessageWriter()
    .bytes(NORMALIZER.name, settings.name)
    .bytes(NORMALIZER.charMap, settings.charMap)
    .varint(NORMALIZER.addDummyPrefix, Number(settings.addDummyPrefix))
    .varint(NORMALIZER.removeExtraWhitespaces, Number(settings.removeExtraWhitespaces))
    .varint(NORMALIZER.escapeWhitespaces, Number(settings.escapeWhitespaces));
}
