import type { JsonValue, Reader } from '@simvlm/core';
import { type Cells, cellPictures, jsonRecord, pictureColumns } from './cells';
import { type ColumnMap, type Columns, columnsOf } from './columns';
import type { DataFile, Folder } from './folder';
import { openParquet } from './parquet-file';
import { type Part, type PartsOptions, partsReader, placeOf, type Row } from './parts-reader';
import { baseName, recordSample, rowOf } from './table';

export interface ColumnarOptions extends PartsOptions {
  /** Names of columns. */
  readonly map?: ColumnMap;
  /** Where the paths of pictures that are not in the file lie. */
  readonly images?: Folder;
  /** Of all rows that name no other one. */
  readonly split?: string | undefined;
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
export function parquetReader(files: readonly DataFile[], options: ColumnarOptions = {}): Reader {
  return partsReader(
    'parquet',
    files.map(file => parquetPart(file, options)),
    options,
  );
}

function parquetPart(file: DataFile, options: ColumnarOptions): Part {
  return {
    name: file.name,
    async *rows(from: JsonValue | undefined): AsyncGenerator<Row> {
      let row = placeOf(from);
      const parquet = await openParquet(await file.open(), file.name);
      const columns = columnsOf(parquet.names, options.map, file.name);
      for await (const cells of parquet.rows(row))
        for (const cell of cells) {
          yield { ...columnarRow(cell, columns, file.name, row, options), after: row + 1 };
          row++;
        }
    },
  };
}

/** The sample of one row of a columnar file. */
function columnarRow(
  cells: Cells,
  columns: Columns,
  name: string,
  row: number,
  { map = {}, images, split }: ColumnarOptions,
): Omit<Row, 'after'> {
  const place = `${baseName(name)}:${row}`;
  const where = `${name}: row ${row}`;
  return rowOf(() => {
    const pictures = pictureColumns(cells, map);
    const stored = cellPictures(cells, pictures, { map, images, place, where });
    const others = Object.entries(cells).filter(([column]) => !pictures.includes(column));
    return recordSample(jsonRecord(Object.fromEntries(others)), columns, {
      images,
      split,
      key: place,
      where,
      ...(stored.length > 0 && { embedded: stored }),
    });
  });
}
