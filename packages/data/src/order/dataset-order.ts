import {
  DataError,
  type Draw,
  type Example,
  type ExampleDataset,
  ImageError,
  type JsonValue,
  type OrderOptions,
  type SampleOrder,
} from '@simvlm/core';
import { checkBelonging, checkData, orderHash } from './belonging';
import {
  type DatasetPosition,
  datasetPositionOf,
  type EpochPlace,
  savedDatasetPosition,
} from './dataset-position';
import { type Epoch, epochsOf } from './epoch';
import { sampleOf } from './example-sample';
import { checkedOrder } from './order-options';

/** Epochs in a row that may be empty, by weights well below 1. */
const MOST_EMPTY = 1000;

export interface DatasetOrderOptions extends OrderOptions {
  readonly weight?: ((index: number) => number) | undefined;
}

/**
 * The examples of a data set with random access: a permutation of all an epoch. Processes deal the sequence of all epochs like cards, one each in
 * turn, so that a step has the same examples whatever their number.
 */
export class DatasetOrder implements SampleOrder {
  readonly #dataset: ExampleDataset;
  readonly #identity: () => Promise<string>;
  readonly #epoch: (epoch: number) => Epoch;
  #position: DatasetPosition;

  constructor(dataset: ExampleDataset, identity: () => Promise<string>, options: DatasetOrderOptions) {
    const { share, random, shuffle } = checkedOrder(options);
    this.#dataset = dataset;
    this.#identity = identity;
    this.#epoch = epochsOf(dataset.length, { random, shuffle, weight: options.weight });
    const order = orderHash(random, shuffle);
    this.#position = {
      data: null,
      order,
      share,
      index: share.rank,
      left: [],
      place: { epoch: 0, position: share.rank },
    };
  }

  async next(): Promise<Draw> {
    const data = await this.#identity();
    checkData('the data set', this.#position.data, data);
    const { epoch, position } = this.#card(this.#position);
    const { indices, copies } = this.#epoch(epoch);
    const drawn = await this.#example(indices[position]!);
    // Only now: what has failed for a moment is drawn again.
    this.#position = { ...this.#behind(this.#position), data };
    return { ...drawn, epoch, copy: copies?.[position] ?? 0, after: this.state() };
  }

  state(): JsonValue {
    return savedDatasetPosition(this.#position);
  }

  restore(states: readonly JsonValue[]): void {
    const { order, share } = this.#position;
    const positions = states.map(datasetPositionOf);
    checkBelonging(positions, order);
    this.#position = positions.length === share.size ? positions[share.rank]! : this.#dealt(positions);
  }

  async #example(index: number): Promise<Pick<Draw, 'sample' | 'problem'>> {
    let example: Example;
    try {
      example = await this.#dataset.get(index);
    } catch (error) {
      if (error instanceof DataError || error instanceof ImageError) return { problem: error };
      throw error;
    }
    return { sample: sampleOf(example) };
  }

  /** The next card of a process. */
  #card({ index, left, place }: DatasetPosition): EpochPlace {
    return left[index] ?? this.#settled(place);
  }

  /** Where a process stands behind its next card. */
  #behind(position: DatasetPosition): DatasetPosition {
    const { index, left, share, place } = position;
    const next = index + share.size;
    const steps = Math.max(next, left.length) - Math.max(index, left.length);
    return {
      ...position,
      index: next,
      place: this.#settled({ ...place, position: place.position + steps }),
    };
  }

  /** What processes left, for another number of them: first the cards that some of them were to have before the furthest one's. */
  #dealt(positions: readonly DatasetPosition[]): DatasetPosition {
    const { share, order } = this.#position;
    const furthest = positions.reduce((a, b) => (b.index > a.index ? b : a));
    const end = Math.max(furthest.index, furthest.left.length);
    const left = positions
      .flatMap(position => {
        const cards: { readonly index: number; readonly place: EpochPlace }[] = [];
        for (let at = position; at.index < end; at = this.#behind(at))
          cards.push({ index: at.index, place: this.#card(at) });
        return cards;
      })
      .sort((a, b) => a.index - b.index)
      .map(({ place }) => place);
    const { epoch, position } = furthest.place;
    const place = { epoch, position: position + Math.max(share.rank - left.length, 0) };
    return { data: furthest.data, order, share, index: share.rank, left, place };
  }

  /** A place where an example is: behind the last one of an epoch the next epoch begins. */
  #settled({ epoch, position }: EpochPlace): EpochPlace {
    for (let tries = 0; ; tries++) {
      const { length } = this.#epoch(epoch).indices;
      if (position < length) return { epoch, position };
      if (tries > MOST_EMPTY)
        throw new DataError(
          'DATA_NOT_FOUND',
          `none of ${this.#dataset.length} examples has a weight above 0`,
        );
      position -= length;
      epoch++;
    }
  }
}
