import { DataError, type JsonValue, type Sample, type SampleImage } from '@simvlm/core';
import { type Columns, compact, recordParts, textOf } from './columns';
import { type Folder, imageAt, imageIn, pathBelow } from './folder';

export interface RecordSource {
  /** Where the paths of pictures lie; absent: paths are an error. */
  readonly images: Folder | undefined;
  /** The key of a record that names none. */
  readonly key: string;
  /** File and place, for messages. */
  readonly where: string;
  /** Pictures that the record holds itself. */
  readonly embedded?: readonly SampleImage[];
}

/**
 * The sample that a record of a table is: a row of a CSV file or a Parquet file, a line of JSON.
 *
 * @throws DataError for a value of the wrong type, a path that leaves the folder, and a record with neither picture nor text
 */
export function recordSample(
  record: Readonly<Record<string, JsonValue>>,
  columns: Columns,
  { images: folder, key, where, embedded }: RecordSource,
): Sample {
  const cell = (role: 'key' | 'image' | 'url') => {
    const value = columns.has(role) ? record[columns.get(role)!] : undefined;
    return textOf(typeof value === 'number' ? String(value) : value, role, where);
  };
  const path = embedded ? undefined : cell('image');
  const address = cell('url');
  const images =
    embedded ??
    (path !== undefined ? [pictureOf(path, folder, where)] : address !== undefined ? [imageAt(address)] : []);
  const parts = recordParts(record, columns, where);
  if (images.length === 0 && isWordless(parts))
    throw new DataError('DATA_INVALID', `${where}: neither a picture nor a text`);
  return compact({ key: cell('key') ?? key, images, ...parts });
}

function pictureOf(path: string, folder: Folder | undefined, where: string): SampleImage {
  if (isAddress(path)) return imageAt(path);
  if (!folder)
    throw new DataError(
      'DATA_INVALID',
      `${where}: "${path}" lies in a folder that is not named; name the folder of pictures`,
    );
  return imageIn(folder, pathBelow(path, where));
}

function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

function isWordless({ text, texts, question, source, target }: Partial<Sample>): boolean {
  return [text, texts, question, source, target].every(part => part === undefined);
}

/** Runs what may throw a DataError about one record, and gives the row that it makes. */
export function rowOf(make: () => Sample): { readonly sample: Sample } | { readonly problem: DataError } {
  try {
    return { sample: make() };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { problem: error };
  }
}

/** A path without the extension of its file. */
export function withoutExtension(path: string): string {
  return path.replace(/(?<=[^/])\.[^./]*$/, '');
}
