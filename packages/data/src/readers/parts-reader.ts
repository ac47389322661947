import { DataError, type JsonValue, type Reader, type Sample, SkipLog } from '@simvlm/core';
import { baseName } from './folder';
import { damagedPlace, isCount, outcomeOf, type Part } from './part';

/** Which samples of its parts a source has. */
export interface PartsOptions {
  /** Samples of other splits are left out, and those that name none get this one; `train+restval` is two. Default: all samples. */
  readonly split?: string | undefined;
}

interface Position {
  /** Index of the part. */
  part: number;
  /** Records of the part that are behind us. */
  row: number;
  /** What the last record's `after` says; null at the beginning of a part. */
  at: JsonValue;
  /** What `Part.version` said; null at the beginning of a part. */
  version: number | null;
}

/** A sample with its split and its whole key; undefined for one of another split. */
export function completed(
  sample: Sample,
  { split: named, prefix = '' }: Part,
  wanted: string | undefined,
): Sample | undefined {
  const own = sample.split ?? named;
  if (own !== undefined && wanted !== undefined && !wanted.split('+').includes(own)) return undefined;
  const split = own ?? wanted;
  return { ...sample, key: prefix + sample.key, ...(split !== undefined && { split }) };
}

/** Reads parts one after another. */
export class PartsReader implements Reader {
  readonly format: string;
  readonly #parts: readonly Part[];
  readonly #split: string | undefined;
  readonly #skips = new SkipLog();
  #position: Position = { part: 0, row: 0, at: null, version: null };

  constructor(format: string, parts: readonly Part[], { split }: PartsOptions) {
    this.format = format;
    this.#parts = parts;
    this.#split = split;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Sample> {
    while (this.#position.part < this.#parts.length) {
      const index = this.#position.part;
      const part = this.#parts[index]!;
      const version = await this.#checkedVersion(part);
      for await (const record of part.rows(this.#position.at ?? undefined)) {
        const { row } = this.#position;
        // Before the sample is given, as its reader asks for the state while it has the sample.
        this.#position = { part: index, row: row + 1, at: record.after, version };
        const { sample, problem } = outcomeOf(record);
        if (problem) this.#skips.add(`${part.name} ${row}`, problem);
        const chosen = sample && completed(sample, part, this.#split);
        if (chosen) yield chosen;
      }
      this.#position = { part: index + 1, row: 0, at: null, version: null };
    }
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
      throw damagedPlace();
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
    if (this.#position.version !== null && this.#position.version !== version) throw changed(part);
    return version;
  }

  /** What tells this source from another one. */
  #source(part = this.#position.part) {
    return {
      format: this.format,
      split: this.#split ?? null,
      parts: this.#parts.length,
      name: baseName(this.#parts[part]?.name ?? ''),
    };
  }
}

/** The error of a part that is no longer what a saved place belongs to. */
export function changed({ name }: Part): DataError {
  return new DataError(
    'DATA_INVALID',
    `${name} has changed since the place in it was saved; begin from the start`,
  );
}
