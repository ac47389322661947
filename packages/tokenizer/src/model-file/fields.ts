/** Field numbers of sentencepiece_model.proto, as far as they matter to a tokenizer. */
export const MODEL = { pieces: 1, trainer: 2, normalizer: 3, denormalizer: 5 };
export const PIECE = { text: 1, score: 2, type: 3 };
export const TRAINER = {
  modelType: 3,
  vocabSize: 4,
  whitespaceSuffix: 24,
  byteFallback: 35,
  unk: 40,
  bos: 41,
  eos: 42,
  pad: 43,
  unknownSurface: 44,
  unkPiece: 45,
  bosPiece: 46,
  eosPiece: 47,
  padPiece: 48,
};
export const NORMALIZER = {
  name: 1,
  charMap: 2,
  addDummyPrefix: 3,
  removeExtraWhitespaces: 4,
  escapeWhitespaces: 5,
};
/** Values of `model_type`. */
export const MODEL_TYPE = { unigram: 1, bpe: 2 };
/** What a special token is called when the file does not say. */
export const USUAL_NAMES = { unk: '<unk>', bos: '<s>', eos: '</s>', pad: '<pad>' };
