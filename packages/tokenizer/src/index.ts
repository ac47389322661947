export { loadTokenizer } from './load-tokenizer';
export { type TrainUnigramOptions, trainUnigram } from './trainer/train-unigram';
export { UnigramTokenizer } from './unigram-tokenizer';
export {
  type NormalizerSettings,
  type Piece,
  type PieceType,
  pieceType,
  type TokenizerModel,
} from './vocabulary';
