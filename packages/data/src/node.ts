export { fileBytes, readRegularFile, type TextLine, textLines } from './files';
export { type CaptionLine, type FolderDataset, type FolderOptions, folderDataset } from './folder-dataset';
export { diskFile, diskFolder } from './readers/node/disk';
export { fileAt, folderAt, placeAt } from './readers/node/place';
export { type Converted, type ConvertOptions, convertToShards } from './tools/convert/convert';
export type { WorkSettings } from './tools/convert/progress';
export { type TarEntry, tarBytes } from './tools/convert/tar-writer';
export { HashIndex } from './tools/dedupe/hash-index';
export {
  type DuplicateOptions,
  findNearDuplicates,
  type NearDuplicate,
} from './tools/dedupe/near-duplicates';
export { hashDistance, type PictureHash, perceptualHash } from './tools/dedupe/perceptual-hash';
export { type DrawnSamples, drawSamples, firstSamples } from './tools/drawn-samples';
export { type FetchOptions, fetchToShards } from './tools/fetch/fetch-shards';
export type { FetchReport, HostReport, ShardReport } from './tools/fetch/report';
export { inOrder } from './tools/in-order';
export { joinedReport } from './tools/joined-report';
export { type DataStatistics, dataStatistics, type StatisticsOptions } from './tools/stats/data-statistics';
export type { Distribution } from './tools/stats/distribution';
export type { PictureStatistics } from './tools/stats/picture-statistics';
export type { TextStatistics } from './tools/stats/text-statistics';
