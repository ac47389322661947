export {
  type BatchPart,
  type BatchSourceOptions,
  createBatchSource,
  type PairBatchOptions,
  pairBatches,
} from './batches';
export { blankDataset, blankSource } from './blank';
export { collate, imagePixels, type Row, textTokens } from './collate';
export { arrayDataset, subset, textDataset } from './datasets';
export { type DatasetSourceOptions, datasetSource } from './order/dataset-source';
export { sampleOf } from './order/example-sample';
export { filteredSource } from './order/filtered-source';
export { partsSource } from './order/parts-source';
export { dataPlugin } from './plugin';
export { prefetch } from './prefetch';
export { captionPrefix, causalPrefix, mixturePrefix, prefixObjective, uniformPrefix } from './prefix';
export type { AnnotationOptions } from './readers/annotations/annotation-file';
export { cocoSource } from './readers/annotations/coco';
export { flickr30kSource } from './readers/annotations/flickr30k';
export { glueSource } from './readers/annotations/glue';
export { karpathySource } from './readers/annotations/karpathy';
export { nlvr2Source } from './readers/annotations/nlvr2';
export { type ParallelOptions, parallelSource } from './readers/annotations/parallel';
export { snliVeSource } from './readers/annotations/snli-ve';
export { textCapsSource } from './readers/annotations/textcaps';
export { type VqaOptions, vqaSource } from './readers/annotations/vqav2';
export { arrowSource, savedDatasetSource } from './readers/arrow';
export { expandBraces } from './readers/braces';
export type { ColumnMap, Role } from './readers/columns';
export { type CsvOptions, csvSource } from './readers/csv';
export { type DataFile, type Folder, httpFile, httpFolder, memoryFolder } from './readers/folder';
export { FORMATS, type Format } from './readers/formats';
export { type ImageFolderOptions, imageFolderSource } from './readers/imagefolder';
export { captionsSource, type JsonlOptions, jsonlSource } from './readers/jsonl';
export { type ImageFacts, listLine } from './readers/list-line';
export { type OpenOptions, openReader, openSource } from './readers/open-reader';
export { type ColumnarOptions, parquetFolderSource, parquetSource } from './readers/parquet';
export type { Outcome, Part as SourcePart, RecordKind, Row as SourceRow } from './readers/part';
export type { PartsOptions } from './readers/parts-reader';
export { type DataPlace, recognise } from './readers/recognise';
export { type WebDatasetOptions, webDatasetSource } from './readers/webdataset';
export { type SpanCorruptionOptions, spanCorruption } from './span-corruption';
export { type OrderedOptions, orderedBatches, type RowStream, stepSource } from './step-source';
export { type ExampleStreamOptions, exampleStream } from './streams/example-stream';
export { type MixturePart, mixture } from './streams/mixture';
export { outlineOf, type Pictures, stillExample } from './streams/to-example';
export { type SurveyTokenizer, surveyTexts, type TextSurvey, type Texts } from './text-survey';
