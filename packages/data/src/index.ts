export { type BatchSourceOptions, createBatchSource, type Part } from './batches';
export { collate, imagePixels, type Row, textTokens } from './collate';
export { arrayDataset, subset, textDataset } from './datasets';
export { dataPlugin } from './plugin';
export { prefetch } from './prefetch';
export { captionPrefix, causalPrefix, mixturePrefix, prefixObjective, uniformPrefix } from './prefix';
export { type IndexStream, type ShuffleOptions, shuffled, shuffledIndices } from './sources';
export { type SpanCorruptionOptions, spanCorruption } from './span-corruption';
export { type SurveyTokenizer, surveyTexts, type TextSurvey, type Texts } from './text-survey';
