import {
  ConfigError,
  DataError,
  hashIntegers,
  type JsonValue,
  type Reader,
  type Sample,
  type Share,
  SkipLog,
} from '@simvlm/core';
import { baseName, type DataFile } from './folder';

/** Bytes at each end of a file that tell it from another one. */
const VERSION_BYTES = 4096;

/** A record of a part: its sample, or why it has none. */
export interface Row {
  readonly sample?: Sample;
  /** The record cannot be used: it is counted. */
  readonly problem?: DataError;
  /** Where the next record begins. */
  readonly after: JsonValue;
}

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
  /** The records from where an earlier record's `after` says, else from the beginning. @throws DataError for a damaged file */
  rows(from: JsonValue | undefined): AsyncIterable<Row>;
}

interface Position {
  /** Index of the part. */
  part: number;
  /** Records of the part that are behind us; the share is by this number where there are fewer parts than readers. */
  row: number;
  /** What the last record's `after` says; null at the beginning of a part. */
  at: JsonValue;
  /** What `Part.version` said; null at the beginning of a part. */
  version: number | null;
}

export interface PartsOptions {
  /** Samples of other splits are left out, and those that name none get this one; `train+restval` is two. Default: all samples. */
  readonly split?: string | undefined;
  /** Default: all samples. By part where there are at least as many parts as readers, else by record. */
  readonly share?: Share;
}

/** A reader of parts, one after another. */
export function partsReader(
  format: string,
  parts: readonly Part[],
  { share, split }: PartsOptions = {},
): Reader {
  return new PartsReader(format, parts, checkedShare(share), split);
}

/** The size of a file and its first and last bytes, as a number. */
export async function fileVersion(file: DataFile): Promise<number> {
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
  throw new DataError('DATA_INVALID', 'the saved place in the data is damaged; begin from the start');
}

class PartsReader implements Reader {
  readonly format: string;
  readonly #parts: readonly Part[];
  readonly #share: Share;
  readonly #byPart: boolean;
  readonly #split: string | undefined;
  readonly #skips = new SkipLog();
  #position: Position = { part: 0, row: 0, at: null, version: null };

  constructor(format: string, parts: readonly Part[], share: Share, split: string | undefined) {
    this.format = format;
    this.#parts = parts;
    this.#share = share;
    this.#byPart = parts.length >= share.size;
    this.#split = split;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Sample> {
    const { rank, size } = this.#share;
    while (this.#position.part < this.#parts.length) {
      const index = this.#position.part;
      const part = this.#parts[index]!;
      if (!this.#byPart || index % size === rank) {
        const version = await this.#checkedVersion(part);
        for await (const { sample, problem, after } of part.rows(this.#position.at ?? undefined)) {
          const { row } = this.#position;
          // Before the sample is given, as its reader asks for the state while it has the sample.
          this.#position = { part: index, row: row + 1, at: after, version };
          if (!this.#byPart && row % size !== rank) continue;
          if (problem) this.#skips.add(`${part.name} ${row}`, problem);
          const chosen = sample && this.#completed(sample, part);
          if (chosen) yield chosen;
        }
      }
      this.#position = { part: index + 1, row: 0, at: null, version: null };
    }
  }

  /** A sample with its split and its whole key, if it is one to read. */
  #completed(sample: Sample, part: Part): Sample | undefined {
    const own = sample.split ?? part.split;
    if (own !== undefined && this.#split !== undefined && !this.#split.split('+').includes(own))
      return undefined;
    const split = own ?? this.#split;
    const { prefix = '' } = part;
    return { ...sample, key: prefix + sample.key, ...(split !== undefined && { split }) };
  }

  state(): JsonValue {
    return {
      ...this.#source(),
      ...this.#position,
      skipped: this.#skips.state(),
    };
  }

  restore(state: JsonValue): void {
    const saved = (state ?? {}) as Record<string, JsonValue>;
    const { part, row, at, version } = saved;
    const isVersion = version === null || typeof version === 'number';
    if (!isCount(part) || !isCount(row) || at === undefined || !isVersion || part > Number(saved.parts))
      throw new DataError('DATA_INVALID', 'the saved place in the data is damaged; begin from the start');
    for (const [name, value] of Object.entries(this.#source(part)))
      if (saved[name] !== value)
        throw new DataError(
          'DATA_INVALID',
          `the saved place belongs to other data: its ${name} is ${JSON.stringify(saved[name])}, here ${JSON.stringify(value)}`,
        );
    this.#skips.restore(saved.skipped);
    this.#position = { part, row, at, version };
  }

  skipped() {
    return this.#skips.report();
  }

  /** @throws DataError where reading goes on in the middle of a part that has changed meanwhile */
  async #checkedVersion(part: Part): Promise<number> {
    const version = await part.version();
    if (this.#position.version !== null && this.#position.version !== version)
      throw new DataError(
        'DATA_INVALID',
        `${part.name} has changed since the place in it was saved; begin from the start`,
      );
    return version;
  }

  /** What tells this source from another one, and this share from another one. */
  #source(part = this.#position.part) {
    const { rank, size } = this.#share;
    return {
      format: this.format,
      split: this.#split ?? null,
      parts: this.#parts.length,
      name: baseName(this.#parts[part]?.name ?? ''),
      rank,
      size,
    };
  }
}

function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function checkedShare(share: Share = { rank: 0, size: 1 }): Share {
  const { rank, size } = share;
  if (!Number.isSafeInteger(size) || size < 1 || !Number.isSafeInteger(rank) || rank < 0 || rank >= size)
    throw new ConfigError('CONFIG_INVALID', `a share is 0 ≤ rank < size, not rank ${rank} of ${size}`);
  return share;
}
