export { type Batch, type BatchOptions, encodeBatch } from './batch';
export { ByteBpeTokenizer } from './byte-bpe/byte-bpe-tokenizer';
export type { DecodeStream } from './decoder';
export { TOKENIZER_FILES } from './files/file-error';
export { readTokenizerJson } from './json/read-tokenizer-json';
export { writeSubwordJson } from './json/write-subword-json';
export { writeTokenizerJson } from './json/write-tokenizer-json';
export { loadSentencePiece } from './load-sentencepiece';
export {
  type AnyModel,
  type AnyTokenizer,
  createTokenizer,
  loadTokenizer,
  type TokenizerFiles,
  tokenizerFiles,
} from './load-tokenizer';
export { readModel } from './model-file/read-model';
export { writeModel } from './model-file/write-model';
export { type NormalizationRule, normalizationRules } from './normalizer/rules';
export { withSentinels } from './sentinels';
export { withSpecialTokens } from './special-tokens';
export type {
  AddedToken,
  BertText,
  ByteBpeModel,
  SubwordModel,
  WordPieceDecoding,
  WordPieceModel,
} from './subword/subword-model';
export {
  type Candidate,
  type Encoding,
  type SampleOptions,
  SentencePieceTokenizer,
} from './tokenizer';
export type { TrainingOptions, TrainingProgress } from './trainer/options';
export type { SubwordTrainingOptions, WordPieceTrainingOptions } from './trainer/subword-options';
export { trainBpe } from './trainer/train-bpe';
export { trainByteBpe } from './trainer/train-byte-bpe';
export { trainUnigram } from './trainer/train-unigram';
export { trainWordPiece } from './trainer/train-wordpiece';
export { VocabularySizeError } from './trainer/vocabulary-size-error';
export {
  type Algorithm,
  type NormalizerSettings,
  type Piece,
  type PieceType,
  pieceType,
  type TokenizerModel,
} from './vocabulary';
export { WordPieceTokenizer } from './wordpiece/wordpiece-tokenizer';
