import { type NormalizerSettings, pieceType, type TokenizerModel } from '../vocabulary';
import { MODEL, MODEL_TYPE, NORMALIZER, PIECE, TRAINER, USUAL_NAMES } from './fields';
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
    const id = special[name];
    let text = pieces[id]?.text ?? USUAL_NAMES[name];
    // Readers go by the name: a token that the model lacks must not be called what one of its pieces is called.
    while (id < 0 && pieces.some(piece => piece.text === text)) text += '_';
    trainer.varint(TRAINER[name], id).bytes(TRAINER[`${name}Piece`], text);
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
