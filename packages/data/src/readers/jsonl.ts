import { DataError, type JsonValue, parseJsonObject, type Reader } from '@simvlm/core';
import { Ids } from '../ids';
import { type ColumnMap, columnsOf } from './columns';
import { baseName, type DataFile, type Folder } from './folder';
import { linePlaceOf, placedLines, savedPlace } from './lines';
import { fileVersion, type Part, type PartsOptions, partsReader, type Row } from './parts-reader';
import { recordSample, rowOf, withoutExtension } from './table';

export interface JsonlOptions extends PartsOptions {
  /** Default: `jsonl`. */
  readonly format?: 'jsonl' | 'imagefolder';
  /** Names of one's own for keys. */
  readonly map?: ColumnMap;
  /** Where the paths of pictures lie. */
  readonly images?: Folder;
}

/**
 * Files with a JSON object a line. A line that is no JSON object, has a value of the wrong type or a path that leaves the folder, or has
 * neither picture nor text, is skipped and counted; bytes that are not UTF-8 are a DataError that names file and line.
 *
 * The key of a sample is its `id`; without one it is file and line, and with `imagefolder` the path of the picture without its extension.
 */
export function jsonlReader(files: readonly DataFile[], options: JsonlOptions = {}): Reader {
  const parts = files.map(file => jsonlPart(file, options));
  return partsReader(options.format ?? 'jsonl', parts, options);
}

/** One file as a part of a reader. */
export function jsonlPart(file: DataFile, options: JsonlOptions): Part {
  return { name: file.name, version: () => fileVersion(file), rows: from => rows(file, from, options) };
}

async function* rows(
  file: DataFile,
  from: JsonValue | undefined,
  options: JsonlOptions,
): AsyncGenerator<Row> {
  for await (const { text, number, after } of placedLines(await file.open(), linePlaceOf(from), file.name)) {
    if (text.trim() === '') continue;
    const keyOf = (path: string | undefined) =>
      options.format === 'imagefolder' && path !== undefined
        ? withoutExtension(path)
        : `${baseName(file.name)}:${number}`;
    const row = rowOf(() => lineSample(text, `${file.name}:${number}`, options, keyOf));
    yield { ...row, after: savedPlace(after) };
  }
}

/**
 * A folder with `captions.jsonl`, as `folderDataset` reads it: the same keys in the same order. Other keys than `image`, `text` and `id` are
 * fields. What cannot be used is skipped and counted, a second line with the same id too.
 *
 * As a key may depend on the lines before it, `restore` reads these again, without their pictures.
 */
export function captionsReader(
  folder: Folder,
  options: Omit<JsonlOptions, 'format' | 'images'> = {},
): Reader {
  const file = folder.file('captions.jsonl');
  const part = {
    name: file.name,
    version: () => fileVersion(file),
    async *rows(from: JsonValue | undefined): AsyncGenerator<Row> {
      const start = linePlaceOf(from);
      const ids = new Ids(file.name);
      const images = { ...options, images: folder };
      for await (const { text, number, after } of placedLines(
        await file.open(),
        linePlaceOf(undefined),
        file.name,
      )) {
        if (text.trim() === '') continue;
        const row = rowOf(() => {
          const { key, ...sample } = lineSample(text, `${file.name}:${number}`, images, () => '');
          return { key: ids.take(key === '' ? undefined : key, sample.images[0]?.path, number), ...sample };
        });
        if (after.line > start.line) yield { ...row, after: savedPlace(after) };
      }
    },
  };
  return partsReader('jsonl', [part], options);
}

function lineSample(
  line: string,
  where: string,
  { map = {}, images }: JsonlOptions,
  keyOf: (path: string | undefined) => string,
) {
  const record = parseJsonObject(line, where);
  const names = Object.keys(record);
  // Lines may have different keys: one without a key that `map` names lacks that part.
  const present = Object.entries(map).filter(([, name]) => names.includes(name));
  const columns = columnsOf(names, Object.fromEntries(present), where);
  const path = columns.has('image') ? record[columns.get('image')!] : undefined;
  if (present.length === 0 && Object.keys(map).length > 0)
    throw new DataError(
      'DATA_INVALID',
      `${where}: none of ${Object.values(map).join(', ')}; its keys are ${names.join(', ')}`,
    );
  const key = keyOf(typeof path === 'string' ? path : undefined);
  return recordSample(record, columns, { images, key, where });
}
