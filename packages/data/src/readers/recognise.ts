import { DataError, parseJson } from '@simvlm/core';
import { isGlue } from './annotations/glue-columns';
import { baseName, type DataFile, type Folder, listed } from './folder';
import { FORMATS, type Format } from './formats';
import { isGzip } from './gunzip';

/** Where data lie: a folder, or files of one kind in their order, with the folder that the first lies in. */
export type DataPlace =
  | { readonly folder: Folder; readonly files?: undefined }
  | { readonly folder: Folder; readonly files: readonly DataFile[] };

/** Bytes at the beginning and at the end that tell a file's format. */
const LOOK = 64 * 2 ** 10;

/**
 * The format of a place: of a folder by the names in it, of a file by what it begins with, and where that says nothing by its name.
 *
 * @throws DataError when it cannot be told: then it has to be named
 */
export async function recognise({ folder, files }: DataPlace): Promise<Format> {
  const format = files ? await fileFormat(files) : folderFormat(await listed(folder));
  if (format) return format;
  const where = files?.[0]?.name ?? folder.name;
  throw new DataError(
    'DATA_INVALID',
    `${where}: its format is not recognised; name it ("format", or --format): ${FORMATS.join(', ')}`,
  );
}

/** What is in a folder, the first that holds. */
const FOLDERS: readonly [RegExp, Format][] = [
  [/^captions\.jsonl$/, 'jsonl'],
  [/^(dataset_dict|state)\.json$/, 'arrow'],
  // img2dataset writes Parquet files beside its shards, for what it could not fetch as well.
  [/^[^/]*\.(tar|tar\.gz|tgz)$/, 'webdataset'],
  [/^([^/]*\/)?metadata\.(jsonl|csv)$/, 'imagefolder'],
  [/\.parquet$/, 'parquet'],
  [/\.arrow$/, 'arrow'],
  [/\.(jpe?g|png|webp|gif|bmp|avif|tiff?)$/i, 'imagefolder'],
];

function folderFormat(names: readonly string[]): Format | undefined {
  return FOLDERS.find(([pattern]) => names.some(name => pattern.test(name)))?.[1];
}

async function fileFormat(files: readonly DataFile[]): Promise<Format | undefined> {
  const [file] = files;
  if (!file) return undefined;
  const { head, tail, bytes } = await ends(file);
  if (text(bytes.subarray(257, 262)) === 'ustar' || isGzip(bytes)) return 'webdataset';
  if (head.startsWith('PAR1')) return 'parquet';
  if (head.startsWith('ARROW1') || bytes.subarray(0, 4).every(byte => byte === 0xff && bytes.length >= 4))
    return 'arrow';
  const name = baseName(file.name).toLowerCase();
  if (name.endsWith('.token') || /^image_name\s*\|/.test(head)) return 'flickr30k';
  if (head.trimStart().startsWith('{')) return jsonFormat(head, tail);
  const extension = name.slice(name.lastIndexOf('.') + 1);
  if (extension === 'tsv') return isGlue(file.name, firstLine(head)) ? 'glue' : 'tsv';
  if (extension === 'csv') return extension;
  if (extension === 'tar') return 'webdataset';
  return files.length === 2 || files.length === 3 ? 'parallel' : undefined;
}

/** Of JSON and JSON lines, by the keys near the beginning and the end. */
function jsonFormat(head: string, tail: string): Format | undefined {
  const line = firstObject(head);
  if (line) {
    if ('identifier' in line && 'sentence' in line) return 'nlvr2';
    if ('gold_label' in line && 'Flikr30kID' in line) return 'snli-ve';
    if (!['images', 'questions', 'data'].some(key => Array.isArray(line[key]))) return 'jsonl';
  }
  const has = (key: string) => [head, tail].some(text => new RegExp(`"${key}"\\s*:`).test(text));
  if (has('sentences') && has('images')) return 'karpathy';
  if (has('questions')) return 'vqav2';
  if (has('data') && has('image_id')) return 'textcaps';
  if (has('images') || has('caption')) return has('domain') ? 'nocaps' : 'coco';
  return undefined;
}

function firstLine(head: string): string {
  const end = head.indexOf('\n');
  return end < 0 ? head : head.slice(0, end);
}

/** The object of the first line, where the line is one. */
function firstObject(head: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(firstLine(head), 'line 1');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch (error) {
    // A line of a longer object, or one that is longer than what was looked at.
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

async function ends(file: DataFile): Promise<{ bytes: Uint8Array; head: string; tail: string }> {
  const source = await file.open();
  const bytes = new Uint8Array(Math.min(LOOK, source.size));
  await source.read(0, bytes);
  const last = new Uint8Array(Math.min(LOOK, source.size - bytes.length));
  await source.read(source.size - last.length, last);
  return { bytes, head: text(bytes), tail: text(last) };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
