import type { ByteSource } from '@simvlm/bytes';
import { DataError, isSimVlmError } from '@simvlm/core';
import type { AsyncBuffer, FileMetaData, RowGroup } from 'hyparquet';
import type { Cells } from './cells';

/** A Parquet file whose footer has been read. */
export interface ParquetFile {
  /** The names of its columns. */
  readonly names: readonly string[];
  /** Of rows. */
  readonly count: number;
  /** The rows from one on, a few at a time. */
  rows(from: number): AsyncGenerator<readonly Cells[]>;
}

/** Rows at once, at most, in number and in unpacked bytes. */
const MOST_ROWS = 1024;
const MOST_BYTES = 32 * 2 ** 20;
/** Where a file has no index of its pages, a column of a row group is read whole, and its rows are rather taken at once. */
const MOST_BYTES_UNINDEXED = 256 * 2 ** 20;

/**
 * Opens a Parquet file: reads its footer.
 *
 * @param name for messages
 * @throws DataError that names the file when it is cut off or damaged
 */
export async function openParquet(source: ByteSource, name: string): Promise<ParquetFile> {
  // Only who reads Parquet loads what reads it.
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const file = asyncBuffer(source);
  const [metadata, names] = await readable(name, 'its footer', async () => {
    const metadata = await parquetMetadataAsync(file);
    return [metadata, parquetSchema(metadata).children.map(({ element }) => element.name)];
  });
  return {
    names,
    count: metadata.row_groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0),
    async *rows(from) {
      for (const { begin, end } of windows(metadata, from)) {
        const place = `rows ${begin} to ${end - 1}`;
        const rows = await readable(name, place, () =>
          // Bytes that are no text, such as a picture's, must stay bytes.
          parquetReadObjects({
            file,
            metadata,
            compressors,
            rowStart: begin,
            rowEnd: end,
            utf8: false,
            useOffsetIndex: true,
          }),
        );
        if (rows.length < end - begin || rows.some(row => Object.values(row).includes(undefined)))
          throw new DataError('DATA_INVALID', `${name}: ${place} are not all there; fetch the file again`);
        yield rows;
      }
    },
  };
}

/** Rows that are read at once: they never reach over the end of a row group. */
function* windows(metadata: FileMetaData, from: number): Generator<{ begin: number; end: number }> {
  let groupBegin = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = groupBegin + Number(group.num_rows);
    const step = rowsAtOnce(group);
    for (let begin = Math.max(groupBegin, from); begin < groupEnd; ) {
      // The same windows wherever reading begins, so that a restored reader reads what one that went on would have.
      const end = Math.min(groupBegin + (Math.floor((begin - groupBegin) / step) + 1) * step, groupEnd);
      yield { begin, end };
      begin = end;
    }
    groupBegin = groupEnd;
  }
}

function rowsAtOnce({ columns, num_rows, total_byte_size }: RowGroup): number {
  const isIndexed = columns.every(column => column.offset_index_offset !== undefined);
  const perRow = Math.max(1, Number(total_byte_size) / Math.max(1, Number(num_rows)));
  const fitting = Math.floor((isIndexed ? MOST_BYTES : MOST_BYTES_UNINDEXED) / perRow);
  return Math.min(Math.max(1, fitting), MOST_ROWS);
}

function asyncBuffer(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.size,
    async slice(begin, end = source.size) {
      const first = begin < 0 ? Math.max(0, source.size + begin) : begin;
      const bytes = new Uint8Array(Math.max(0, Math.min(end, source.size) - first));
      await source.read(first, bytes);
      return bytes.buffer;
    },
  };
}

/** The library throws all kinds of errors at damaged files. */
async function readable<T>(name: string, what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isSimVlmError(error)) throw error;
    throw new DataError('DATA_INVALID', `${name}: ${what} cannot be read: ${(error as Error).message}`, {
      cause: error,
      file: name,
    });
  }
}
