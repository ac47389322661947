import { DataError, hashIntegers, type ImageError, type JsonValue, type Sample } from '@simvlm/core';
import type { DataFile } from './folder';

/** Bytes at each end of a file that tell it from another one. */
const VERSION_BYTES = 4096;

/** A record's sample, or why it has none. */
export interface Outcome {
  readonly sample?: Sample;
  /** The record cannot be used: it is counted. */
  readonly problem?: DataError | ImageError;
}

/** A record of a part. */
export interface Row extends Outcome {
  /** Makes the sample when it is its turn, where a list in memory has what it is made of; then `sample` and `problem` are absent. */
  readonly make?: () => Outcome;
  /** Where the next record begins. */
  readonly after: JsonValue;
}

/**
 * What a record is before its pictures are opened: one of a list in memory, a few texts and places, or the stored bytes of its pictures. It decides how
 * many are mixed at a time.
 */
export type RecordKind = 'listed' | 'light' | 'bytes';

/** A part of a source, such as a shard: records in order, readable from any of them on. */
export interface Part {
  /** For messages: the file. */
  readonly name: string;
  /** Of all records that name no other one. */
  readonly split?: string | undefined;
  /** What its keys begin with: parts of a source may name their records alike. */
  readonly prefix?: string;
  /** Tells this content from another one under the same name: `fileVersion`. */
  version(): Promise<number>;
  /** In bytes; what tells thousands of parts from others. Absent: `version` does. */
  size?(): Promise<number>;
  /** How many records it has, where that is known without reading them. */
  count?(): Promise<number | undefined>;
  /** Where record `row` begins, where that follows from its number; else the records before it are read. */
  place?(row: number): JsonValue;
  /** Default: `light`. */
  kind?(): Promise<RecordKind>;
  /** The records from where an earlier record's `after` says, else from the beginning. @throws DataError for a damaged file */
  rows(from: JsonValue | undefined): AsyncIterable<Row>;
}

/** What a record comes to. */
export function outcomeOf(row: Row): Outcome {
  return row.make ? row.make() : row;
}

/** What all parts that are one file have. */
export function filePart(file: DataFile): Pick<Part, 'name' | 'version' | 'size'> {
  return { name: file.name, version: () => fileVersion(file), size: async () => (await file.open()).size };
}

/**
 * A part whose records are read once and stay in memory.
 *
 * @param load each with what makes its sample
 */
export function listPart(
  part: Pick<Part, 'name' | 'version'>,
  load: () => Promise<readonly (() => Outcome)[]>,
): Part {
  let loading: Promise<readonly (() => Outcome)[]> | undefined;
  const list = () => {
    loading ??= load();
    // What failed may be there when it is asked for again.
    loading.catch(() => (loading = undefined));
    return loading;
  };
  return {
    ...part,
    kind: async () => 'listed',
    count: async () => (await list()).length,
    place: row => row,
    async *rows(from: JsonValue | undefined): AsyncGenerator<Row> {
      const records = await list();
      for (let i = placeOf(from); i < records.length; i++) yield { make: records[i]!, after: i + 1 };
    },
  };
}

/** The size of a file and its first and last bytes, as a number. */
async function fileVersion(file: DataFile): Promise<number> {
  const source = await file.open();
  const first = new Uint8Array(Math.min(VERSION_BYTES, source.size));
  const last = new Uint8Array(first.length);
  await source.read(0, first);
  await source.read(source.size - last.length, last);
  return hashIntegers(last, hashIntegers(first, source.size % 2 ** 31));
}

/** As `fileVersion`, of several files. */
export async function filesVersion(files: readonly DataFile[]): Promise<number> {
  return hashIntegers(await Promise.all(files.map(fileVersion)));
}

/** A place that is a number: a byte, or a row. @throws DataError for any other value, which a damaged state may hold */
export function placeOf(from: JsonValue | undefined): number {
  if (from === undefined) return 0;
  if (isCount(from)) return from;
  throw damagedPlace();
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function damagedPlace(): DataError {
  return new DataError('DATA_INVALID', 'the saved place in the data is damaged; begin from the start');
}
