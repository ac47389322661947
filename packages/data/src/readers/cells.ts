import { DataError, type JsonValue, type SampleImage } from '@simvlm/core';
import type { ColumnMap } from './columns';
import { type Folder, imageIn, pathBelow } from './folder';

/** A row of a columnar file: texts, numbers, bytes, lists and objects of them. */
export type Cells = Readonly<Record<string, unknown>>;

/** A cell as JSON: whole numbers beyond 2^53 and dates become text, numbers that are none become null, bytes are left out. */
function jsonCell(cell: unknown): JsonValue | undefined {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'string' || typeof cell === 'boolean') return cell;
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (typeof cell === 'bigint') return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? null : cell.toISOString();
  if (cell instanceof Uint8Array) return undefined;
  if (Array.isArray(cell)) return cell.map(item => jsonCell(item) ?? null);
  if (ArrayBuffer.isView(cell))
    return [...(cell as unknown as Iterable<unknown>)].map(item => jsonCell(item) ?? null);
  return jsonRecord(cell as Cells);
}

/** A row as JSON, without its bytes. */
export function jsonRecord(cells: Cells): Record<string, JsonValue> {
  const entries = Object.entries(cells).map(([name, cell]) => [name, jsonCell(cell)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, JsonValue>;
}

export interface PictureCells {
  /** The columns that hold pictures: the one of `map`, else all that do. */
  readonly map: ColumnMap;
  /** Where the paths of pictures without bytes lie. */
  readonly images: Folder | undefined;
  /** The path of a picture that has none: file and row. */
  readonly place: string;
  /** For messages. */
  readonly where: string;
}

/** The names of columns that hold pictures in this row. */
export function pictureColumns(cells: Cells, map: ColumnMap): string[] {
  const isPicture = (cell: unknown): boolean =>
    isStored(cell) || (Array.isArray(cell) && cell.length > 0 && cell.every(isStored));
  return Object.keys(cells).filter(
    name => (map.image === undefined || name === map.image) && isPicture(cells[name]),
  );
}

/**
 * The pictures of a row: bytes, Hugging Face's `{ bytes, path }`, and lists of these.
 *
 * @throws DataError for a picture of no bytes, and for a path that leaves the folder
 */
export function cellPictures(cells: Cells, names: readonly string[], options: PictureCells): SampleImage[] {
  return names.flatMap(name => {
    const cell = cells[name];
    const list = Array.isArray(cell) ? cell : [cell];
    return list.flatMap((item, i) => {
      const cell = list.length > 1 ? `${name}/${i}` : name;
      return picture(item as Stored, cell, options) ?? [];
    });
  });
}

type Stored = Uint8Array | { readonly bytes: Uint8Array | null; readonly path: string | null };

function isStored(cell: unknown): cell is Stored {
  if (cell instanceof Uint8Array) return true;
  if (typeof cell !== 'object' || cell === null || !Object.hasOwn(cell, 'bytes')) return false;
  const { bytes, path } = cell as Record<string, unknown>;
  return bytes instanceof Uint8Array || ((bytes ?? null) === null && typeof path === 'string');
}

function picture(
  stored: Stored,
  cell: string,
  { images, place, where }: PictureCells,
): SampleImage | undefined {
  const { bytes, path } = stored instanceof Uint8Array ? { bytes: stored, path: null } : stored;
  if (bytes) {
    if (bytes.length === 0) throw new DataError('DATA_INVALID', `${where}: the picture is empty`);
    return { path: path ?? `${place}/${cell}`, place: `${where}/${cell}`, bytes: async () => bytes };
  }
  if (path === null) return undefined;
  if (!images)
    throw new DataError(
      'DATA_INVALID',
      `${where}: "${path}" has no bytes, and no folder of pictures is named`,
    );
  return imageIn(images, pathBelow(path, where));
}
