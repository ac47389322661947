import { DataError, type JsonValue, type SampleSource } from '@simvlm/core';
import { partsSource } from '../order/parts-source';
import { type Cells, cellPictures, jsonRecord, pictureColumns } from './cells';
import { type ColumnMap, type Columns, columnsOf } from './columns';
import { baseName, type DataFile, type Folder, listed } from './folder';
import { openParquet } from './parquet-file';
import { filePart, type Part, placeOf, type Row } from './part';
import type { PartsOptions } from './parts-reader';
import { chosenSplits } from './splits';
import { recordSample, rowOf } from './table';

export interface ColumnarOptions extends PartsOptions {
  /** Names of columns. */
  readonly map?: ColumnMap;
  /** Where the paths of pictures that are not in the file lie. */
  readonly images?: Folder;
}

/**
 * Parquet files. A picture is a column of bytes, or Hugging Face's struct of `bytes` and `path`, or a list of these; several such columns are
 * several pictures. Without one, `image` is a path and `url` an address, whose bytes are not here. All that is stored in other columns is in
 * `fields`.
 *
 * Rows are read a few at a time (32 MiB of unpacked bytes), by the file's index of pages; without one, up to 256 MiB of a row group. A row
 * with an empty picture, a path that leaves the folder, or neither picture nor text is skipped and counted. A file that is cut off or damaged
 * is a DataError that names it and its rows; a column of `map` that is not there a ConfigError.
 */
export function parquetSource(files: readonly DataFile[], options: ColumnarOptions = {}): SampleSource {
  return partsSource(
    'parquet',
    files.map(file => parquetPart(file, options)),
    options,
  );
}

/**
 * The Parquet files of a folder in the order of their names, such as `data/train-00000-of-00002.parquet` of a data set of the Hub. The split of a file is
 * what its name begins with, or the folder it lies in; `split` chooses one.
 *
 * @throws DataError for a folder without Parquet files; ConfigError for a split that is not there
 */
export async function parquetFolderSource(
  folder: Folder,
  options: ColumnarOptions = {},
): Promise<SampleSource> {
  const names = (await listed(folder)).filter(name => name.endsWith('.parquet'));
  if (names.length === 0) throw new DataError('DATA_NOT_FOUND', `${folder.name} holds no Parquet files`);
  const splits = [...new Set(names.map(splitOf).filter(split => split !== undefined))];
  const chosen = chosenSplits(folder.name, splits, options.split);
  const parts = names
    .map(name => ({
      ...parquetPart(folder.file(name), options),
      split: splitOf(name),
      prefix: name.slice(0, name.lastIndexOf('/') + 1),
    }))
    .filter(({ split }) => options.split === undefined || (split !== undefined && chosen.includes(split)));
  return partsSource('parquet', parts, options);
}

function splitOf(name: string): string | undefined {
  const known = /(?:^|\/)(train|validation|valid|val|dev|test)(?=[-_./])/.exec(name)?.[1];
  return known ?? /(?:^|\/)([^/]+)-\d{5}-of-\d{5}\.parquet$/.exec(name)?.[1];
}

function parquetPart(file: DataFile, options: ColumnarOptions): Part {
  return {
    ...filePart(file),
    kind: async () => 'bytes',
    count: async () => (await openParquet(await file.open(), file.name)).count,
    place: row => row,
    async *rows(from: JsonValue | undefined): AsyncGenerator<Row> {
      let row = placeOf(from);
      const parquet = await openParquet(await file.open(), file.name);
      const columns = columnsOf(parquet.names, options.map, file.name);
      for await (const cells of parquet.rows(row))
        for (const cell of cells) {
          yield { ...columnarRow(cell, columns, { name: file.name, row }, options), after: row + 1 };
          row++;
        }
    },
  };
}

/** Where a row of a columnar file is. */
export interface RowPlace {
  /** For messages: the file. */
  readonly name: string;
  /** From 0. */
  readonly row: number;
}

/** The sample of one row of a columnar file. */
export function columnarRow(
  cells: Cells,
  columns: Columns,
  { name, row }: RowPlace,
  { map = {}, images }: ColumnarOptions,
): Omit<Row, 'after'> {
  const place = `${baseName(name)}:${row}`;
  const where = `${name}: row ${row}`;
  return rowOf(() => {
    const pictures = pictureColumns(cells, map);
    const stored = cellPictures(cells, pictures, { map, images, place, where });
    const others = Object.entries(cells).filter(([column]) => !pictures.includes(column));
    return recordSample(jsonRecord(Object.fromEntries(others)), columns, {
      images,
      key: place,
      where,
      ...(stored.length > 0 && { embedded: stored }),
    });
  });
}
