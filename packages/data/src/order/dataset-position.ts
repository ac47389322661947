import { type JsonValue, rule } from '@simvlm/core';
import { damagedPlace, isCount } from '../readers/part';
import { savedPosition } from '../saved-position';
import type { Belonging } from './belonging';

/** A place in the sequence of all epochs. */
export interface EpochPlace {
  readonly epoch: number;
  /** Examples of the epoch before it. */
  readonly position: number;
}

/**
 * Where one of several processes stands in the sequence that they deal: first the places that were left when the number of processes changed, then
 * all from another place on.
 */
export interface DatasetPosition extends Belonging {
  /** Its next card: those before it are its own and the other processes'. */
  readonly index: number;
  readonly left: readonly EpochPlace[];
  /** The place of card `Math.max(index, left.length)`. */
  readonly place: EpochPlace;
}

const rules = {
  order: rule.integer(Number.MIN_SAFE_INTEGER),
  rank: rule.integer(0),
  size: rule.integer(1),
  index: rule.integer(0),
  left: rule.array,
};

/** A position as JSON. */
export function savedDatasetPosition({ data, order, share, index, left, place }: DatasetPosition): JsonValue {
  return {
    data,
    order,
    ...share,
    index,
    left: left.map(({ epoch, position }) => [epoch, position]),
    ...place,
  };
}

/** @throws DataError for what is no saved position */
export function datasetPositionOf(state: JsonValue): DatasetPosition {
  const saved = savedPosition(state, 'data', rules);
  const { data = null, order, rank, size, index, left, epoch, position } = saved;
  if (data !== null && typeof data !== 'string') throw damagedPlace();
  return {
    data,
    order: order as number,
    share: { rank: rank as number, size: size as number },
    index: index as number,
    left: (left as JsonValue[]).map(placeIn),
    place: placeIn([epoch ?? null, position ?? null]),
  };
}

function placeIn(value: JsonValue): EpochPlace {
  const [epoch, position] = Array.isArray(value) ? value : [];
  if (!isCount(epoch) || !isCount(position)) throw damagedPlace();
  return { epoch, position };
}
