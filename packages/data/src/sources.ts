import {
  DataError,
  type Example,
  type ExampleDataset,
  type JsonValue,
  type Random,
  rule,
} from '@simvlm/core';
import { chosenIndices } from './order/epoch';
import { savedPosition } from './saved-position';

/** Indices of a data set in the order of training, forever, with an exact position. */
export interface IndexStream {
  next(): number;
  state(): JsonValue;
  /** @throws DataError for a position that is damaged or of other data */
  restore(state: JsonValue): void;
}

export interface ShuffleOptions {
  /** Each epoch draws from a stream of its own: `random.fork(epoch)`. */
  readonly random: Random;
  /**
   * How often an example appears in an epoch, on average: weight 0.25 in about every fourth, 2.5 two or three times. Default
   * 1 for all.
   */
  readonly weight?: (index: number) => number;
}

/**
 * Epoch after epoch, each in a new uniform order. With weights every epoch draws anew which of the fractional ones appear.
 *
 * @throws DataError when there is nothing to draw from; ConfigError for a weight that is negative or no number
 */
export function shuffledIndices(length: number, { random, weight }: ShuffleOptions): IndexStream {
  let epoch = 0;
  let position = 0;
  let order = epochOrder(length, random.fork(0), weight);
  const enter = (next: number) => {
    epoch = next;
    order = epochOrder(length, random.fork(next), weight);
  };
  if (order.length === 0 && !weight)
    throw new DataError('DATA_NOT_FOUND', 'there are no examples to shuffle');
  return {
    next() {
      for (let tries = 0; position >= order.length; tries++) {
        if (tries > 1000)
          throw new DataError('DATA_NOT_FOUND', `none of ${length} examples has a weight above 0`);
        enter(epoch + 1);
        position = 0;
      }
      return order[position++]!;
    },
    state: () => ({ epoch, position }),
    restore(state) {
      const saved = savedPosition(state, 'position', { epoch: rule.integer(0), position: rule.integer(0) });
      const [before, place] = [epoch, saved.position as number];
      enter(saved.epoch as number);
      if (place > order.length) {
        const there = order.length;
        enter(before);
        throw new DataError(
          'DATA_INVALID',
          `the saved data position is of other data: it lies after ${place} examples of an epoch, this data set has ${there}`,
        );
      }
      position = place;
    },
  };
}

/** The examples of a data set in shuffled order, forever: an `ExampleSource`. */
export function shuffled(dataset: ExampleDataset, options: ShuffleOptions) {
  const indices = shuffledIndices(dataset.length, options);
  return {
    state: () => indices.state(),
    restore: (state: JsonValue) => indices.restore(state),
    async *[Symbol.asyncIterator](): AsyncGenerator<Example, void> {
      for (;;) yield await dataset.get(indices.next());
    },
  };
}

function epochOrder(length: number, random: Random, weight?: (index: number) => number): Uint32Array {
  const chosen = chosenIndices(length, random, weight);
  return random.permutation(chosen.length).map(place => chosen[place]!);
}
