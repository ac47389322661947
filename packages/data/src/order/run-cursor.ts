import { DataError } from '@simvlm/core';
import { isCount, type Part, type Row } from '../readers/part';
import { changed } from '../readers/parts-reader';
import type { Interval, Places } from './intervals';
import type { Place } from './position';

/** The records of an epoch that one process reads. */
export interface EpochPlan {
  /** Indices of all parts in the order of the epoch. */
  readonly order: ArrayLike<number>;
  /** Which records of the sequence that they make, and how many each part has, by its index; absent: all of them, however many there are. */
  readonly run?: { readonly places: Places; readonly counts: readonly number[] };
}

/** A record with the part that it is of. */
export interface PlacedRow {
  readonly part: Part;
  readonly row: Row;
}

/** Records that are read rather than jumped over, where a part allows either. */
const NEAR = 512;

/** Goes through the records of a run, part after part. */
export class RunCursor {
  readonly #parts: readonly Part[];
  readonly #plan: EpochPlan;
  readonly #versions: Map<Part, number>;
  readonly #rows: AsyncGenerator<PlacedRow>;
  #place: Place | null;
  readonly #signal: AbortSignal;

  /**
   * @param versions of the parts that were read before; parts that are read are added
   * @param signal ends a `take` under way at its next record
   * @param place where an earlier cursor of the same run stood; null: at the beginning
   */
  constructor(
    parts: readonly Part[],
    plan: EpochPlan,
    versions: Map<Part, number>,
    signal: AbortSignal,
    place: Place | null = null,
  ) {
    this.#parts = parts;
    this.#plan = plan;
    this.#versions = versions;
    this.#signal = signal;
    this.#place = place;
    this.#rows = this.#walk();
  }

  /** Before the next record; null at the beginning of the run. */
  get place(): Place | null {
    return this.#place;
  }

  /** The next records; fewer only at the end of the run, and once the signal is aborted. @throws DataError for a part that is damaged or has changed */
  async take(count: number): Promise<PlacedRow[]> {
    const rows: PlacedRow[] = [];
    while (rows.length < count) {
      const { value, done } = await this.#rows.next();
      if (done) break;
      rows.push(value);
    }
    return rows;
  }

  /** Lets go of the part that is open. */
  async close(): Promise<void> {
    await this.#rows.return(undefined);
  }

  async *#walk(): AsyncGenerator<PlacedRow> {
    const { order, run } = this.#plan;
    const from = this.#place;
    let begin = 0;
    let first = 0;
    for (let k = 0, isBehind = from !== null; k < order.length; k++) {
      if (this.#signal.aborted) return;
      const index = order[k]!;
      const count = run?.counts[index] ?? Number.POSITIVE_INFINITY;
      while (run && first < run.places.length && run.places[first]![1] <= begin) first++;
      const wanted = run ? within(run.places, first, begin, begin + count) : [[0, count] as const];
      begin += count;
      if (isBehind && index !== from!.part) continue;
      if (wanted.length > 0) yield* this.#part(index, wanted, count, isBehind ? from : null);
      isBehind = false;
    }
  }

  async *#part(index: number, wanted: Places, count: number, from: Place | null): AsyncGenerator<PlacedRow> {
    const part = this.#parts[index]!;
    const version = await this.#checkedVersion(part, from);
    let { row, at } = from ?? { row: 0, at: null };
    for (const stretch of part.place ? stretchesOf(wanted) : [wanted]) {
      const begin = stretch[0]![0];
      const end = stretch.at(-1)![1];
      if (row >= end && end < count) continue;
      if (part.place && row < begin) [row, at] = [begin, part.place(begin)];
      let interval = 0;
      for await (const record of part.rows(at ?? undefined)) {
        if (row >= count) throw miscounted(part, count, 'more');
        at = record.after;
        while (row >= stretch[interval]![1]) interval++;
        const isWanted = row >= stretch[interval]![0];
        row++;
        this.#place = { part: index, row, at, version };
        if (isWanted) yield { part, row: record };
        if (this.#signal.aborted) return;
        // Behind the last record of a part lies what shows whether all of it is there, such as a checksum.
        if (row === end && end < count) break;
      }
      if (isCount(end) && row < end) throw miscounted(part, count, `${row}`);
    }
  }

  async #checkedVersion(part: Part, from: Place | null): Promise<number> {
    const version = await part.version();
    const before = from?.version ?? this.#versions.get(part);
    if (before !== undefined && before !== version) throw changed(part);
    this.#versions.set(part, version);
    return version;
  }
}

/** The places between two, counted from the first of them. @param first the first interval that ends behind `begin` */
function within(places: Places, first: number, begin: number, end: number): Interval[] {
  const found: Interval[] = [];
  for (let i = first; i < places.length && places[i]![0] < end; i++)
    found.push([Math.max(places[i]![0], begin) - begin, Math.min(places[i]![1], end) - begin]);
  return found;
}

/** The same places, divided where it pays to jump. */
function stretchesOf(places: Places): Interval[][] {
  const stretches: Interval[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const interval of places) {
    if (interval[0] - end < NEAR) stretches.at(-1)!.push(interval);
    else stretches.push([interval]);
    end = interval[1];
  }
  return stretches;
}

function miscounted({ name }: Part, count: number, there: string): DataError {
  return new DataError(
    'DATA_INVALID',
    `${name}: ${there} records, where ${count} were counted; correct or remove the sizes.json beside it, and fetch the file again if it is cut off`,
    { file: name },
  );
}
