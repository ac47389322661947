export {
  type BatchSourceOptions,
  createBatchSource,
  type PairBatchOptions,
  type Part,
  pairBatches,
} from './batches';
export { collate, imagePixels, type Row, textTokens } from './collate';
export { arrayDataset, subset, textDataset } from './datasets';
export { dataPlugin } from './plugin';
export { prefetch } from './prefetch';
export { captionPrefix, causalPrefix, mixturePrefix, prefixObjective, uniformPrefix } from './prefix';
export type { AnnotationOptions } from './readers/annotations/annotation-file';
export { cocoReader } from './readers/annotations/coco';
export { flickr30kReader } from './readers/annotations/flickr30k';
export { karpathyReader } from './readers/annotations/karpathy';
export { nlvr2Reader } from './readers/annotations/nlvr2';
export { parallelReader } from './readers/annotations/parallel';
export { snliVeReader } from './readers/annotations/snli-ve';
export { textCapsReader } from './readers/annotations/textcaps';
export { type VqaOptions, vqaReader } from './readers/annotations/vqav2';
export { arrowReader, savedDatasetReader } from './readers/arrow';
export { expandBraces } from './readers/braces';
export type { ColumnMap, Role } from './readers/columns';
export { type CsvOptions, csvReader } from './readers/csv';
export { type DataFile, type Folder, httpFile, httpFolder, memoryFolder } from './readers/folder';
export { FORMATS, type Format } from './readers/formats';
export { type ImageFolderOptions, imageFolderReader } from './readers/imagefolder';
export { captionsReader, type JsonlOptions, jsonlReader } from './readers/jsonl';
export { type ImageFacts, listLine } from './readers/list-line';
export { type OpenOptions, openReader } from './readers/open-reader';
export { type ColumnarOptions, parquetFolderReader, parquetReader } from './readers/parquet';
export type { PartsOptions } from './readers/parts-reader';
export { type DataPlace, recognise } from './readers/recognise';
export { type WebDatasetOptions, webDatasetReader } from './readers/webdataset';
export { type IndexStream, type ShuffleOptions, shuffled, shuffledIndices } from './sources';
export { type SpanCorruptionOptions, spanCorruption } from './span-corruption';
export { type OrderedOptions, orderedBatches, type RowStream, stepSource } from './step-source';
export { type SurveyTokenizer, surveyTexts, type TextSurvey, type Texts } from './text-survey';
