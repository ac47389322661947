import { ConfigError, DataError, type Reader } from '@simvlm/core';
import type { AnnotationOptions } from './annotations/annotation-file';
import { cocoReader } from './annotations/coco';
import { flickr30kReader } from './annotations/flickr30k';
import { karpathyReader } from './annotations/karpathy';
import { nlvr2Reader } from './annotations/nlvr2';
import { parallelReader } from './annotations/parallel';
import { snliVeReader } from './annotations/snli-ve';
import { textCapsReader } from './annotations/textcaps';
import { vqaReader } from './annotations/vqav2';
import { arrowReader, savedDatasetReader } from './arrow';
import type { ColumnMap } from './columns';
import { csvReader } from './csv';
import { type DataFile, type Folder, listed } from './folder';
import type { Format } from './formats';
import { imageFolderReader } from './imagefolder';
import { captionsReader, jsonlReader } from './jsonl';
import { parquetFolderReader, parquetReader } from './parquet';
import type { PartsOptions } from './parts-reader';
import { type DataPlace, recognise } from './recognise';
import { webDatasetReader } from './webdataset';

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

/**
 * A reader of whatever lies at a place.
 *
 * @throws DataError when the format is not recognised, or the place does not hold what the format needs; ConfigError for a split or an option
 *   that does not fit
 */
export async function openReader(place: DataPlace, options: OpenOptions = {}): Promise<Reader> {
  const format = options.format ?? (await recognise(place));
  checkFit(format, place, options);
  return place.files
    ? fileReader(format, place.files, place.folder, options)
    : folderReader(format, place.folder, options);
}

const MAPPED = new Set<Format>(['webdataset', 'parquet', 'arrow', 'csv', 'tsv', 'jsonl', 'imagefolder']);

/** @throws ConfigError for an option that the format would not look at */
function checkFit(format: Format, place: DataPlace, { annotations, map, images }: OpenOptions): void {
  const refuse = (what: string) => new ConfigError('CONFIG_INVALID', `${format} takes no ${what}`);
  if (annotations && format !== 'vqav2') throw refuse('second file of annotations; vqav2 does');
  if (map && !MAPPED.has(format)) throw refuse('map of columns: its names are fixed');
  const isNamed = place.files
    ? !['webdataset', 'parallel'].includes(format)
    : ['parquet', 'arrow'].includes(format);
  if (images && !isNamed) throw refuse('folder of pictures: it holds them or says where they are');
}

async function folderReader(format: Format, folder: Folder, options: OpenOptions): Promise<Reader> {
  switch (format) {
    case 'imagefolder':
      return imageFolderReader(folder, options);
    case 'jsonl':
      return captionsReader(folder, options);
    case 'arrow':
      return savedDatasetReader(folder, options);
    case 'parquet':
      return parquetFolderReader(folder, { images: folder, ...options });
    case 'webdataset': {
      const names = (await listed(folder)).filter(name => /\.(tar|tar\.gz|tgz)$/.test(name));
      if (names.length === 0) throw new DataError('DATA_NOT_FOUND', `${folder.name} holds no tar shards`);
      return webDatasetReader(names.map(folder.file), options);
    }
    default:
      throw new ConfigError(
        'CONFIG_INVALID',
        `${folder.name} is a folder; ${format} is read from a file: name that, with the folder of pictures (--images)`,
      );
  }
}

type OpenFile = (file: DataFile, options: AnnotationOptions & OpenOptions) => Reader;

const annotationReaders: Partial<Record<Format, OpenFile>> = {
  coco: (file, options) => cocoReader(file, { ...options, format: 'coco' }),
  nocaps: (file, options) => cocoReader(file, { ...options, format: 'nocaps' }),
  karpathy: karpathyReader,
  vqav2: vqaReader,
  nlvr2: nlvr2Reader,
  'snli-ve': snliVeReader,
  flickr30k: flickr30kReader,
  textcaps: textCapsReader,
};

function fileReader(
  format: Format,
  files: readonly DataFile[],
  folder: Folder,
  options: OpenOptions,
): Reader {
  const images = options.images ?? folder;
  const read = { ...options, images };
  const open = annotationReaders[format];
  if (open) return open(only(format, files, 1)[0]!, read);
  switch (format) {
    case 'webdataset':
      return webDatasetReader(files, options);
    case 'parquet':
      return parquetReader(files, read);
    case 'arrow':
      return arrowReader(files, read);
    case 'csv':
    case 'tsv':
      return csvReader(files, { ...read, format });
    case 'jsonl':
      return jsonlReader(files, { ...read, format });
    case 'parallel': {
      const [source, target] = only(format, files, 2);
      return parallelReader(source!, target!, options);
    }
    default:
      throw new ConfigError(
        'CONFIG_INVALID',
        `${format} is read from a folder, not from the file ${files[0]?.name}`,
      );
  }
}

function only(format: Format, files: readonly DataFile[], count: number): readonly DataFile[] {
  if (files.length === count) return files;
  throw new ConfigError(
    'CONFIG_INVALID',
    `${format} is read from ${count === 1 ? 'one file' : 'two files'}, not from ${files.length}`,
  );
}
