import type { ByteSource } from '@simvlm/bytes';
import { ConfigError, DataError, type JsonValue, type SampleSource } from '@simvlm/core';
import { partsSource } from '../order/parts-source';
import { type ColumnMap, type Columns, columnsOf } from './columns';
import { RecordParser } from './csv-record';
import { baseName, type DataFile, type Folder } from './folder';
import { type LinePlace, linePlaceOf, placedLines, savedPlace } from './lines';
import { filePart, type Part, type Row } from './part';
import type { PartsOptions } from './parts-reader';
import { recordSample, rowOf, withoutExtension } from './table';

export interface CsvOptions extends PartsOptions {
  /** Default: `csv`. */
  readonly format?: 'csv' | 'tsv' | 'imagefolder';
  /** The names of columns, or numbers from 0: then the file has no header. */
  readonly map?: ColumnMap;
  /** Where the paths of pictures lie. */
  readonly images?: Folder;
}

/** A record in quotes, at most: a quote that is never closed must not take the file. */
const MOST_CHARACTERS = 2 ** 24;

/**
 * Tables of comma-separated values, or of tab-separated ones, with a header unless `map` names numbers. In `csv` quotes are those of RFC 4180;
 * in `tsv` they are characters like others, as in Conceptual Captions. Rows are read as they come, so that a table may be of any size.
 *
 * A row with more fields than the header, with a path that leaves the folder, or without picture and text is skipped and counted; missing
 * fields at the end are absent. A column of `map` that is not there is a ConfigError; bytes that are not UTF-8, and a quote that is never
 * closed, are a DataError that names file and line.
 */
export function csvSource(files: readonly DataFile[], options: CsvOptions = {}): SampleSource {
  const parts = files.map(file => csvPart(file, options));
  return partsSource(options.format ?? 'csv', parts, options);
}

/** One table as a part of a source. */
export function csvPart(file: DataFile, options: CsvOptions): Part {
  return { ...filePart(file), rows: from => rows(file, from, options) };
}

async function* rows(file: DataFile, from: JsonValue | undefined, options: CsvOptions): AsyncGenerator<Row> {
  const source = await file.open();
  const header = await headerOf(source, file.name, options);
  const isFolder = options.format === 'imagefolder';
  const place = from === undefined ? header.after : linePlaceOf(from);
  for await (const { fields, line, after } of records(source, place, file.name, options)) {
    if (fields.length === 1 && fields[0]!.trim() === '') continue;
    const where = `${file.name}:${line}`;
    const row = rowOf(() => {
      if (fields.length > header.names.length)
        throw new DataError(
          'DATA_INVALID',
          `${where}: ${fields.length} fields, and ${header.names.length} columns`,
        );
      // An empty field is none, as pandas has it.
      const present = header.names.flatMap((name, i) => (fields[i] ? [[name, fields[i]]] : []));
      const record = Object.fromEntries(present) as Record<string, string>;
      const picture = record[header.columns.get('image') ?? ''];
      const key =
        isFolder && picture !== undefined ? withoutExtension(picture) : `${baseName(file.name)}:${line}`;
      return recordSample(record, header.columns, {
        images: options.images,
        key,
        where,
      });
    });
    yield { ...row, after: savedPlace(after) };
  }
}

interface Header {
  readonly names: readonly string[];
  readonly columns: Columns;
  /** Where the rows begin. */
  readonly after: LinePlace;
}

async function headerOf(source: ByteSource, name: string, options: CsvOptions): Promise<Header> {
  const start = { byte: 0, line: 0 };
  const map = options.map ?? {};
  const isNumbered = Object.values(map).some(column => /^\d+$/.test(column));
  for await (const { fields, after } of records(source, start, name, options)) {
    const names = isNumbered ? fields.map((_, i) => String(i)) : fields;
    const columns = columnsOf(names, map, name);
    if (columns.size === 0)
      throw new ConfigError(
        'CONFIG_INVALID',
        `${name}: none of its columns (${names.slice(0, 20).join(', ')}) is known; map them, such as image=COLUMN,text=COLUMN`,
      );
    return { names, columns, after: isNumbered ? start : after };
  }
  throw new DataError('DATA_INVALID', `${name} is empty`);
}

/** A record, the line that it begins in, and the place behind it. */
interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
  readonly after: LinePlace;
}

async function* records(
  source: ByteSource,
  from: LinePlace,
  name: string,
  { format }: CsvOptions,
): AsyncGenerator<CsvRecord> {
  const parser = format === 'tsv' ? new RecordParser('\t', undefined) : new RecordParser(',', '"');
  let begin = from.line + 1;
  for await (const { text, after } of placedLines(source, from, name)) {
    const fields = parser.push(text);
    if (fields) {
      yield { fields, line: begin, after };
      begin = after.line + 1;
    } else if (parser.length > MOST_CHARACTERS) break;
  }
  if (parser.isOpen)
    throw new DataError(
      'DATA_INVALID',
      `${name}:${begin}: a quote that opens in this record is never closed`,
    );
}
