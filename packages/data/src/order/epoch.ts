import { ConfigError, type Random } from '@simvlm/core';

/** The examples of an epoch in their order. */
export interface Epoch {
  readonly indices: ArrayLike<number>;
  /** Which time in the epoch each of them comes there, where one may come several times. */
  readonly copies?: ArrayLike<number>;
}

export interface EpochOptions {
  readonly random: Random;
  /** `false`: the stored order; a number: examples are mixed within windows of so many. Default: all with all. */
  readonly shuffle: number | false | undefined;
  /** How often an example comes in an epoch, on average. */
  readonly weight?: ((index: number) => number) | undefined;
}

/** Epochs of a data set of so many examples by their number. Only the last two are kept. */
export function epochsOf(length: number, options: EpochOptions): (epoch: number) => Epoch {
  const kept = new Map<number, Epoch>();
  return epoch => {
    const known = kept.get(epoch) ?? make(length, options.random.fork(epoch), options);
    if (!kept.has(epoch) && kept.size > 1) kept.delete([...kept.keys()][0]!);
    return kept.set(epoch, known) && known;
  };
}

function make(length: number, random: Random, { shuffle, weight }: EpochOptions): Epoch {
  const indices = chosenIndices(length, random, weight);
  const window = shuffle === undefined ? indices.length : shuffle === false ? 1 : shuffle;
  for (let begin = 0; begin < indices.length; begin += window) {
    const part = indices.subarray(begin, begin + window);
    const order = random.fork(begin).permutation(part.length);
    part.set(order.map(place => part[place]!));
  }
  return weight ? { indices, copies: copiesOf(indices, length) } : { indices };
}

/**
 * The examples of an epoch in the stored order. Which of those with a fractional weight appear is drawn.
 *
 * @throws ConfigError for a weight that is negative or no number
 */
function chosenIndices(
  length: number,
  random: Random,
  weight: (index: number) => number = () => 1,
): Uint32Array {
  const chosen: number[] = [];
  for (let i = 0; i < length; i++) {
    const times = weight(i);
    if (!(times >= 0 && times < Number.POSITIVE_INFINITY))
      throw new ConfigError(
        'CONFIG_INVALID',
        `the weight of example ${i} must be a number ≥ 0, got ${times}`,
      );
    const whole = Math.floor(times);
    const count = times === whole ? whole : whole + (random.uniform() < times - whole ? 1 : 0);
    for (let n = 0; n < count; n++) chosen.push(i);
  }
  return Uint32Array.from(chosen);
}

/** How often each index stood before. */
function copiesOf(indices: Uint32Array, length: number): Uint32Array {
  const seen = new Uint32Array(length);
  return indices.map(index => seen[index]!++);
}
