import { DataError, type JsonValue, parseJsonObject, type SampleSource } from '@simvlm/core';
import { Ids } from '../ids';
import { partsSource } from '../order/parts-source';
import { type ColumnMap, columnsOf } from './columns';
import { baseName, type DataFile, type Folder } from './folder';
import { linePlaceOf, placedLines, savedPlace } from './lines';
import { filePart, listPart, type Outcome, type Part, type Row } from './part';
import type { PartsOptions } from './parts-reader';
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
export function jsonlSource(files: readonly DataFile[], options: JsonlOptions = {}): SampleSource {
  const parts = files.map(file => jsonlPart(file, options));
  return partsSource(options.format ?? 'jsonl', parts, options);
}

/** One file as a part of a source. */
export function jsonlPart(file: DataFile, options: JsonlOptions): Part {
  return { ...filePart(file), rows: from => rows(file, from, options) };
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
 * As a key may depend on the lines before it, the file is read once and its samples stay in memory; the pictures do not.
 */
export function captionsSource(
  folder: Folder,
  options: Omit<JsonlOptions, 'format' | 'images'> = {},
): SampleSource {
  const file = folder.file('captions.jsonl');
  const part = listPart(filePart(file), () => captionRows(file, { ...options, images: folder }));
  return partsSource('jsonl', [part], options);
}

async function captionRows(file: DataFile, options: JsonlOptions): Promise<(() => Outcome)[]> {
  const ids = new Ids(file.name);
  const rows: (() => Outcome)[] = [];
  const lines = placedLines(await file.open(), linePlaceOf(undefined), file.name);
  for await (const { text, number } of lines) {
    if (text.trim() === '') continue;
    const outcome = rowOf(() => {
      const { key, ...sample } = lineSample(text, `${file.name}:${number}`, options, () => '');
      return { key: ids.take(key === '' ? undefined : key, sample.images[0]?.path, number), ...sample };
    });
    rows.push(() => outcome);
  }
  return rows;
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
