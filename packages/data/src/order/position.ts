import { type JsonValue, rule, type Share } from '@simvlm/core';
import { damagedPlace, isCount } from '../readers/part';
import { savedPosition } from '../saved-position';
import { type Belonging, checkBelonging } from './belonging';

/** A place between two records of a part. */
export interface Place {
  /** Index of the part in the stored order. */
  readonly part: number;
  /** Records of the part before it. */
  readonly row: number;
  /** What `Row.after` said; null at the beginning of a part. */
  readonly at: JsonValue;
  /** What `Part.version` said. */
  readonly version: number;
}

/** How many processes shared what was left of an epoch, and how many records each of them drew of its run; null: all. */
export interface Level {
  readonly size: number;
  readonly taken: readonly (number | null)[];
}

/** An epoch that was dealt anew, each time to another number of processes. */
export interface Dealt {
  readonly epoch: number;
  readonly levels: readonly Level[];
}

/** Where the order of parts stands in one process. */
export interface Position extends Belonging {
  /** Records in a window; 0: all of a run; null before the first draw. */
  readonly window: number | null;
  readonly epoch: number;
  /** Records drawn of this process's run of the epoch. */
  readonly taken: number;
  /** Where the window of the last of them begins; null at the beginning of the run. */
  readonly place: Place | null;
  /** Epochs from this one on that were dealt anew. */
  readonly dealt: readonly Dealt[];
}

/** The position of an order that has drawn nothing. */
export function beginning(order: number, share: Share): Position {
  return { data: null, order, window: null, share, epoch: 0, taken: 0, place: null, dealt: [] };
}

/** A position as JSON. */
export function savedOf({ share, place, dealt, ...numbers }: Position): JsonValue {
  return {
    ...numbers,
    ...share,
    place: place && { ...place },
    dealt: dealt.map(({ epoch, levels }) => ({
      epoch,
      levels: levels.map(({ size, taken }) => ({ size, taken: [...taken] })),
    })),
  };
}

const rules = {
  order: rule.integer(Number.MIN_SAFE_INTEGER),
  rank: rule.integer(0),
  size: rule.integer(1),
  epoch: rule.integer(0),
  taken: rule.integer(0),
  dealt: rule.array,
};

/** @throws DataError for what is no saved position */
export function positionOf(state: JsonValue): Position {
  const saved = savedPosition(state, 'data', rules);
  const { data, window, place } = saved;
  if (data !== null && typeof data !== 'string') throw damagedPlace();
  if (window !== null && !isCount(window)) throw damagedPlace();
  return {
    data,
    order: saved.order as number,
    window,
    share: { rank: saved.rank as number, size: saved.size as number },
    epoch: saved.epoch as number,
    taken: saved.taken as number,
    place: placeIn(place),
    dealt: (saved.dealt as JsonValue[]).map(dealtIn),
  };
}

/**
 * Where a process goes on after processes that stood at these positions: as many of them at the very record; another number of them with
 * what is left of each epoch that was begun, dealt anew.
 *
 * @param positions by rank
 * @throws DataError when they do not belong together, or to another order
 */
export function resumed(positions: readonly Position[], own: Position): Position {
  checkBelonging(positions, own.order);
  const { rank, size } = own.share;
  if (positions.length === size) return positions[rank]!;
  const epochs = positions.map(({ epoch }) => epoch);
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)];
  const before = new Map(positions.flatMap(({ dealt }) => dealt.map(({ epoch, levels }) => [epoch, levels])));
  const dealt: Dealt[] = [...before]
    .filter(([epoch]) => epoch > last)
    .map(([epoch, levels]) => ({ epoch, levels }));
  for (let epoch = first; epoch <= last; epoch++) {
    const taken = positions.map(position =>
      position.epoch > epoch ? null : position.epoch === epoch ? position.taken : 0,
    );
    const levels = [...(before.get(epoch) ?? []), { size: positions.length, taken }];
    dealt.push({ epoch, levels });
  }
  // Who has drawn nothing does not know them.
  const { data, window } = positions.find(({ data }) => data !== null) ?? own;
  return { ...own, data, window, epoch: first, taken: 0, place: null, dealt };
}

function placeIn(value: JsonValue | undefined): Place | null {
  if (value === null) return null;
  const { part, row, at, version } = (value ?? {}) as Record<string, JsonValue>;
  if (!isCount(part) || !isCount(row) || at === undefined || !Number.isSafeInteger(version))
    throw damagedPlace();
  return { part, row, at, version: version as number };
}

function dealtIn(value: JsonValue): Dealt {
  const { epoch, levels } = (value ?? {}) as Record<string, JsonValue>;
  if (!isCount(epoch) || !Array.isArray(levels)) throw damagedPlace();
  return { epoch, levels: levels.map(levelIn) };
}

function levelIn(value: JsonValue): Level {
  const { size, taken } = (value ?? {}) as Record<string, JsonValue>;
  const isTaken = (count: JsonValue) => count === null || isCount(count);
  if (!isCount(size) || !Array.isArray(taken) || taken.length !== size || !taken.every(isTaken))
    throw damagedPlace();
  return { size, taken: taken as (number | null)[] };
}
