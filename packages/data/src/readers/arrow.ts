import { DataError, type JsonValue, parseJsonObject, type SampleSource } from '@simvlm/core';
import { partsSource } from '../order/parts-source';
import { arrowBatches } from './arrow-file';
import { type Columns, columnsOf } from './columns';
import { type DataFile, type Folder, folderIn, wholeFile } from './folder';
import { type ColumnarOptions, columnarRow } from './parquet';
import { damagedPlace, filePart, isCount, type Part, type Row } from './part';
import { chosenSplits } from './splits';

/**
 * Arrow files, in the stream format or the file format. Pictures and columns are those of `parquetSource`.
 *
 * One batch of rows is in memory at a time. A row that cannot be used is skipped and counted; a file that is cut off, also where only its end mark is
 * missing, or damaged is a DataError that names file and byte.
 */
export function arrowSource(files: readonly DataFile[], options: ColumnarOptions = {}): SampleSource {
  return partsSource(
    'arrow',
    files.map(file => arrowPart(file, options)),
    options,
  );
}

/**
 * A folder that `save_to_disk` of Hugging Face's `datasets` wrote: its files in the order of `state.json`. Of a `DatasetDict`, all splits in the
 * order of `dataset_dict.json`, or the one that `split` names.
 *
 * @throws DataError for a folder that is none of these; ConfigError for a split that is not there
 */
export async function savedDatasetSource(
  folder: Folder,
  options: ColumnarOptions = {},
): Promise<SampleSource> {
  const splits = await splitsOf(folder);
  if (!splits) return partsSource('arrow', await savedParts(folder, options), options);
  const parts = chosenSplits(folder.name, splits, options.split).map(async split => {
    const saved = await savedParts(folderIn(folder, split), options);
    return saved.map(part => ({ ...part, split, prefix: `${split}/` }));
  });
  return partsSource('arrow', (await Promise.all(parts)).flat(), options);
}

async function splitsOf(folder: Folder): Promise<string[] | undefined> {
  const file = folder.file('dataset_dict.json');
  const bytes = await wholeFile(file).catch(error => {
    if (error instanceof DataError && error.code === 'DATA_NOT_FOUND') return undefined;
    throw error;
  });
  if (!bytes) return undefined;
  return texts(parseJsonObject(bytes, file.name).splits, file.name, 'splits');
}

async function savedParts(folder: Folder, options: ColumnarOptions): Promise<Part[]> {
  const file = folder.file('state.json');
  const state = parseJsonObject(await wholeFile(file), file.name);
  const list = Object.hasOwn(state, '_data_files') ? state._data_files : undefined;
  const names = Array.isArray(list)
    ? list.map(entry => (entry as { filename?: JsonValue } | null)?.filename ?? null)
    : null;
  return texts(names, file.name, '_data_files').map(name => arrowPart(folder.file(name), options));
}

function texts(value: JsonValue | undefined, where: string, what: string): string[] {
  if (
    !Array.isArray(value) ||
    !value.every(item => typeof item === 'string' && /^[^/\\]+$/.test(item) && item !== '..')
  )
    throw new DataError('DATA_INVALID', `${where}: "${what}" must list names`);
  return value as string[];
}

function arrowPart(file: DataFile, options: ColumnarOptions): Part {
  return {
    ...filePart(file),
    kind: async () => 'bytes',
    async *rows(from: JsonValue | undefined): AsyncGenerator<Row> {
      const start = placeOf(from);
      let columns: Columns | undefined;
      let first = start.first;
      for await (const batch of arrowBatches(await file.open(), file.name)) {
        // Batches before the place are passed over by their metadata.
        if (batch.at < start.byte) continue;
        const rows = await batch.rows();
        columns ??= columnsOf(rows.names, options.map, file.name);
        for (let i = batch.at === start.byte ? start.row : 0; i < rows.count; i++)
          yield {
            ...columnarRow(rows.row(i), columns, { name: file.name, row: first + i }, options),
            after: { byte: batch.at, first, row: i + 1 },
          };
        first += rows.count;
      }
    },
  };
}

/** A batch by its byte, the number of its first row, and the row in it. */
interface ArrowPlace {
  readonly byte: number;
  readonly first: number;
  readonly row: number;
}

function placeOf(from: JsonValue | undefined): ArrowPlace {
  if (from === undefined) return { byte: 0, first: 0, row: 0 };
  const { byte, first, row } = (from ?? {}) as Record<string, unknown>;
  if (!isCount(byte) || !isCount(first) || !isCount(row)) throw damagedPlace();
  return { byte, first, row };
}
