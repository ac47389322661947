import { ConfigError, DataError, type Reader, type SampleSource } from '@simvlm/core';
import type { AnnotationOptions } from './annotations/annotation-file';
import { cocoSource } from './annotations/coco';
import { flickr30kSource } from './annotations/flickr30k';
import { glueSource } from './annotations/glue';
import { karpathySource } from './annotations/karpathy';
import { nlvr2Source } from './annotations/nlvr2';
import { parallelSource } from './annotations/parallel';
import { snliVeSource } from './annotations/snli-ve';
import { textCapsSource } from './annotations/textcaps';
import { vqaSource } from './annotations/vqav2';
import { arrowSource, savedDatasetSource } from './arrow';
import type { ColumnMap } from './columns';
import { csvSource } from './csv';
import { type DataFile, type Folder, listed } from './folder';
import type { Format } from './formats';
import { imageFolderSource } from './imagefolder';
import { captionsSource, jsonlSource } from './jsonl';
import { parquetFolderSource, parquetSource } from './parquet';
import type { PartsOptions } from './parts-reader';
import { type DataPlace, recognise } from './recognise';
import { webDatasetSource } from './webdataset';

export interface OpenOptions extends PartsOptions {
  /** Default: what `recognise` says. */
  readonly format?: Format;
  /** The folder of pictures that annotations and tables name; default: the folder of the file. */
  readonly images?: Folder;
  /** VQAv2's second file. */
  readonly annotations?: DataFile;
  /** Names of one's own for columns, keys or extensions. */
  readonly map?: ColumnMap;
}

/** A reader of whatever lies at a place: `openSource` says what it throws. */
export async function openReader(place: DataPlace, options: OpenOptions = {}): Promise<Reader> {
  return (await openSource(place, options)).read();
}

/**
 * A source of whatever lies at a place, to be read once or in the order of training.
 *
 * @throws DataError when the format is not recognised, or the place does not hold what the format needs; ConfigError for a split or an option
 *   that does not fit
 */
export async function openSource(place: DataPlace, options: OpenOptions = {}): Promise<SampleSource> {
  const format = options.format ?? (await recognise(place));
  checkFit(format, place, options);
  return place.files
    ? fileSource(format, place.files, place.folder, options)
    : folderSource(format, place.folder, options);
}

const MAPPED = new Set<Format>(['webdataset', 'parquet', 'arrow', 'csv', 'tsv', 'jsonl', 'imagefolder']);

/** @throws ConfigError for an option that the format would not look at */
function checkFit(format: Format, place: DataPlace, { annotations, map, images }: OpenOptions): void {
  const refuse = (what: string) => new ConfigError('CONFIG_INVALID', `${format} takes no ${what}`);
  if (annotations && format !== 'vqav2') throw refuse('second file of annotations; vqav2 does');
  if (map && !MAPPED.has(format)) throw refuse('map of columns: its names are fixed');
  const isNamed = place.files
    ? !['webdataset', 'glue'].includes(format) && (format !== 'parallel' || place.files.length === 3)
    : ['parquet', 'arrow'].includes(format);
  if (images && !isNamed) throw refuse('folder of pictures: it holds them or says where they are');
}

async function folderSource(format: Format, folder: Folder, options: OpenOptions): Promise<SampleSource> {
  switch (format) {
    case 'imagefolder':
      return imageFolderSource(folder, options);
    case 'jsonl':
      return captionsSource(folder, options);
    case 'arrow':
      return savedDatasetSource(folder, options);
    case 'parquet':
      return parquetFolderSource(folder, { images: folder, ...options });
    case 'webdataset': {
      const names = (await listed(folder)).filter(name => /\.(tar|tar\.gz|tgz)$/.test(name));
      if (names.length === 0) throw new DataError('DATA_NOT_FOUND', `${folder.name} holds no tar shards`);
      return shardSource(names.map(folder.file), folder, options);
    }
    default:
      throw new ConfigError(
        'CONFIG_INVALID',
        `${folder.name} is a folder; ${format} is read from a file: name that, with the folder of pictures ("images", or --images)`,
      );
  }
}

function shardSource(shards: readonly DataFile[], folder: Folder, options: OpenOptions): SampleSource {
  return webDatasetSource(shards, { ...options, sizes: folder.file('sizes.json') });
}

type OpenFile = (file: DataFile, options: AnnotationOptions & OpenOptions) => SampleSource;

const annotationSources: Partial<Record<Format, OpenFile>> = {
  coco: (file, options) => cocoSource(file, { ...options, format: 'coco' }),
  nocaps: (file, options) => cocoSource(file, { ...options, format: 'nocaps' }),
  karpathy: karpathySource,
  vqav2: vqaSource,
  nlvr2: nlvr2Source,
  'snli-ve': snliVeSource,
  flickr30k: flickr30kSource,
  textcaps: textCapsSource,
};

function fileSource(
  format: Format,
  files: readonly DataFile[],
  folder: Folder,
  options: OpenOptions,
): SampleSource {
  const images = options.images ?? folder;
  const read = { ...options, images };
  const open = annotationSources[format];
  if (open) return open(only(format, files, 1)[0]!, read);
  switch (format) {
    case 'webdataset':
      return shardSource(files, folder, options);
    case 'parquet':
      return parquetSource(files, read);
    case 'arrow':
      return arrowSource(files, read);
    case 'csv':
    case 'tsv':
      return csvSource(files, { ...read, format });
    case 'jsonl':
      return jsonlSource(files, { ...read, format });
    case 'glue':
      return glueSource(files, options);
    case 'parallel': {
      const [source, target, pictures] = only(format, files, 2, 3);
      return parallelSource(source!, target!, pictures ? { ...read, pictures } : options);
    }
    default:
      throw new ConfigError(
        'CONFIG_INVALID',
        `${format} is read from a folder, not from the file ${files[0]?.name}`,
      );
  }
}

function only(format: Format, files: readonly DataFile[], ...counts: number[]): readonly DataFile[] {
  if (counts.includes(files.length)) return files;
  const allowed = counts.length === 1 ? 'one file' : 'two files, or three';
  throw new ConfigError('CONFIG_INVALID', `${format} is read from ${allowed}, not from ${files.length}`);
}
