/**
 * The umbrella library: the parts of SimVLM under one name, and what the command line adds to them. Each part is a package of its
 * own, for those who need no more.
 */
export type { Checkpoint } from '@simvlm/checkpoint';
export { folderStorage, openCheckpoint } from '@simvlm/checkpoint/node';
export { isSimVlmError, type Plugin, Random, Registry, SimVlmError } from '@simvlm/core';
export {
  arrayDataset,
  createBatchSource,
  datasetSource,
  exampleStream,
  mixture,
  prefetch,
  subset,
  textDataset,
} from '@simvlm/data';
export { folderDataset } from '@simvlm/data/node';
export { prepareEmojiDataset } from '@simvlm/dataset-emoji';
export { captionChoice, captionMetrics, pixelNearestNeighbour, predictCaptions } from '@simvlm/eval';
export { decodeImage } from '@simvlm/image';
export { openSimVlm, presets, SimVlm, type SimVlmConfig } from '@simvlm/model';
export { type Captioner, demoConfig, openCaptioner, type RunConfig, resolveRunConfig } from '@simvlm/run';
export { readRunConfig, runRegistry } from '@simvlm/run/node';
export { pickBackend } from '@simvlm/runtime';
export {
  ByteBpeTokenizer,
  loadTokenizer,
  SentencePieceTokenizer,
  trainByteBpe,
  trainUnigram,
  trainWordPiece,
  WordPieceTokenizer,
} from '@simvlm/tokenizer';
export { type TrainOptions, train } from '@simvlm/trainer';
export { run } from './program';
