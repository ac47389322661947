export { type BatchSourceOptions, createBatchSource, type Part } from './batches';
export { collate, imagePixels, type Row, textTokens } from './collate';
export { arrayDataset, subset, textDataset } from './datasets';
export { prefetch } from './prefetch';
export { captionPrefix, dataPlugin, mixturePrefix, uniformPrefix } from './prefix';
export { type IndexStream, type ShuffleOptions, shuffled, shuffledIndices } from './sources';
