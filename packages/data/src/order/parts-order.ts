import {
  DataError,
  type Draw,
  type JsonValue,
  type OrderOptions,
  type Random,
  type SampleOrder,
} from '@simvlm/core';
import { damagedPlace, outcomeOf, type Part, type RecordKind } from '../readers/part';
import { completed } from '../readers/parts-reader';
import { checkData, orderHash } from './belonging';
import { checkedOrder } from './order-options';
import { beginning, type Dealt, type Position, positionOf, resumed, savedOf } from './position';
import { runOf, type WindowOrder } from './run';
import { type EpochPlan, type PlacedRow, RunCursor } from './run-cursor';
import type { Dealing } from './stripes';

/** What an order needs of its source. */
export interface OrderedParts {
  /** For messages. */
  readonly name: string;
  readonly parts: readonly Part[];
  readonly split: string | undefined;
  identity(): Promise<string>;
  /** The records of each part. */
  counts(): Promise<readonly number[]>;
}

/** Records in a window; 0: all of a run. */
const WINDOWS: Readonly<Record<RecordKind, number>> = { listed: 0, light: 10_000, bytes: 1_000 };
/** Records that are read at a time where nothing is mixed. */
const UNMIXED = 100;

/** Records that are dealt to a process at a time: of a list; of a part that can be read from any record on; of one that is read from its beginning. */
const GRAINS = { listed: 1, jumping: 1_000, reading: 64 };
/** Parts for each process from which on blocks are as large as can be, so that few parts are read by two. */
const MANY_PARTS = 16;

/** Records that were read together, in the order in which they are drawn. */
interface Window {
  /** Where the order stands before its first record. */
  readonly begin: Position;
  /** Of the run, before this window. */
  readonly before: number;
  /** A row is let go of once it is drawn. */
  readonly rows: (PlacedRow | undefined)[];
  readonly order: ArrayLike<number>;
  /** Rows that were drawn. */
  used: number;
}

/**
 * The records of parts, window by window, epoch after epoch. The next window is read while one is drawn from: two of them are in memory at a
 * time.
 */
export class PartsOrder implements SampleOrder {
  readonly #source: OrderedParts;
  readonly #random: Random;
  readonly #shuffle: number | false | undefined;
  readonly #versions = new Map<Part, number>();
  #position: Position;
  #windows: AsyncGenerator<Window> | undefined;
  /** Ends the reading of windows. */
  #reading = new AbortController();
  #isClosed = false;
  #current: Window | undefined;
  #upcoming: Promise<IteratorResult<Window>> | undefined;

  constructor(source: OrderedParts, options: OrderOptions) {
    const { share, random, shuffle } = checkedOrder(options);
    this.#source = source;
    this.#random = random;
    this.#shuffle = shuffle;
    this.#position = beginning(orderHash(random, shuffle), share);
  }

  async next(): Promise<Draw> {
    for (;;) {
      if (this.#isClosed) throw new DataError('DATA_INVALID', 'the order of the data is closed');
      const window = this.#current;
      if (window && window.used < window.rows.length) return this.#draw(window);
      await this.#readOn();
    }
  }

  state(): JsonValue {
    return savedOf(this.#position);
  }

  restore(states: readonly JsonValue[]): void {
    const { order, share } = this.#position;
    const position = resumed(states.map(positionOf), beginning(order, share));
    this.#abandon();
    this.#position = position;
  }

  close(): void {
    this.#isClosed = true;
    this.#abandon();
  }

  #draw(window: Window): Draw {
    const index = window.order[window.used++]!;
    const { row, part } = window.rows[index]!;
    window.rows[index] = undefined;
    this.#position = { ...window.begin, taken: window.before + window.used };
    const { sample, problem } = outcomeOf(row);
    const chosen = sample && completed(sample, part, this.#source.split);
    return {
      ...(chosen && { sample: chosen }),
      ...(problem && { problem }),
      epoch: this.#position.epoch,
      copy: 0,
      after: savedOf(this.#position),
    };
  }

  #abandon(): void {
    this.#reading.abort();
    this.#reading = new AbortController();
    // Nobody waits for what is abandoned, nor for its errors.
    this.#windows?.return(undefined).catch(() => {});
    this.#windows = this.#current = this.#upcoming = undefined;
  }

  /** Takes the next window, unless the order is closed or put elsewhere meanwhile. */
  async #readOn(): Promise<void> {
    this.#windows ??= this.#walk(this.#position, this.#reading.signal);
    const windows = this.#windows;
    try {
      const { value } = await (this.#upcoming ?? windows.next());
      if (windows !== this.#windows) return;
      this.#current = value;
    } catch (error) {
      if (windows !== this.#windows) return;
      // Asked again, it begins where it stands: a server may be there by then.
      this.#abandon();
      throw error;
    }
    this.#upcoming = windows.next();
    // Its error belongs to whoever asks for that window.
    this.#upcoming.catch(() => {});
  }

  async *#walk(from: Position, signal: AbortSignal): AsyncGenerator<Window> {
    const data = await this.#source.identity();
    const window = await this.#window();
    checkData(this.#source.name, from.data, data);
    if (from.window !== null && from.window !== window) throw damagedPlace();
    if (from.place && from.place.part >= this.#source.parts.length) throw damagedPlace();
    for (let epoch = from.epoch; !signal.aborted; epoch++) {
      const begin = epoch === from.epoch ? from : { ...from, epoch, taken: 0, place: null };
      const dealt = from.dealt.filter(deal => deal.epoch >= epoch);
      yield* this.#epoch({ ...begin, data, window, dealt }, window, signal);
    }
  }

  async *#epoch(from: Position, window: number, signal: AbortSignal): AsyncGenerator<Window> {
    const plan = await this.#plan(from, window);
    const cursor = new RunCursor(this.#source.parts, plan, this.#versions, signal, from.place);
    let number = from.taken === 0 || window === 0 ? 0 : Math.ceil(from.taken / window) - 1;
    let [before, used] = [number * window, from.taken - number * window];
    try {
      for (; ; number++) {
        const begin = { ...from, place: cursor.place };
        const rows = await cursor.take(window || Number.POSITIVE_INFINITY);
        if (signal.aborted) return;
        if (used > rows.length || (rows.length === 0 && before === 0 && isFirst(from)))
          throw this.#missing(used);
        if (rows.length > 0)
          yield { begin, before, rows, order: this.#windowOrder(from, number, rows.length), used };
        if (rows.length < (window || Number.POSITIVE_INFINITY)) return;
        [before, used] = [before + rows.length, 0];
      }
    } finally {
      await cursor.close();
    }
  }

  #missing(used: number): DataError {
    const { name } = this.#source;
    return used > 0
      ? new DataError('DATA_INVALID', `${name} has fewer records than when the place in it was saved`)
      : new DataError(
          'DATA_NOT_FOUND',
          `${name} has no records for process ${this.#position.share.rank} of ${this.#position.share.size}: each needs one at least`,
        );
  }

  async #plan({ epoch, dealt, share }: Position, window: number): Promise<EpochPlan> {
    const { parts } = this.#source;
    const order =
      this.#shuffle === false
        ? Uint32Array.from(parts, (_, i) => i)
        : this.#random.fork('parts').fork(epoch).permutation(parts.length);
    const levels = levelsOf(dealt, epoch);
    // One process reads all, to the end, whatever that is.
    if (share.size === 1 && levels.length === 0) return { order };
    const counts = await this.#source.counts();
    const total = counts.reduce((sum, count) => sum + count, 0);
    const windows: WindowOrder = (of, count) => this.#permutation(epoch, of, count);
    const dealing = await this.#dealing(epoch);
    return { order, run: { places: runOf(total, levels, share, dealing, window, windows), counts } };
  }

  /** Nothing here depends on where the files lie, or on the window: a run may go on elsewhere. */
  async #dealing(epoch: number): Promise<Dealing> {
    const { parts } = this.#source;
    const isListed = (await parts[0]?.kind?.()) === 'listed';
    const grain = isListed ? GRAINS.listed : parts[0]?.place ? GRAINS.jumping : GRAINS.reading;
    return {
      grain: size => (isListed || parts.length < MANY_PARTS * size ? grain : Number.POSITIVE_INFINITY),
      random: this.#random.fork('stripes'),
      epoch,
    };
  }

  #windowOrder({ epoch, dealt, share: { rank } }: Position, number: number, count: number) {
    return this.#permutation(epoch, { level: levelsOf(dealt, epoch).length, rank, number }, count);
  }

  #permutation(epoch: number, { level, rank, number }: Parameters<WindowOrder>[0], count: number) {
    if (this.#shuffle === false) return Uint32Array.from({ length: count }, (_, i) => i);
    return this.#random.fork('windows').fork(epoch).fork(level).fork(rank).fork(number).permutation(count);
  }

  async #window(): Promise<number> {
    if (this.#shuffle === false) return UNMIXED;
    if (this.#shuffle !== undefined) return this.#shuffle;
    return WINDOWS[(await this.#source.parts[0]?.kind?.()) ?? 'light'];
  }
}

function levelsOf(dealt: readonly Dealt[], epoch: number) {
  return dealt.find(deal => deal.epoch === epoch)?.levels ?? [];
}

/** Whether an epoch begins with this position as it was dealt at first: then it has records. */
function isFirst({ epoch, dealt }: Position): boolean {
  return levelsOf(dealt, epoch).length === 0;
}
