import type { Random, Share } from '@simvlm/core';
import { countOf, type Interval, type Places, slices, union } from './intervals';

/** Blocks that each process has of an epoch, at least, unless there are fewer records. */
const FEWEST_BLOCKS = 16;
/** The same, at most: a run is kept as a list of blocks. */
const MOST_BLOCKS = 2 ** 16;

/** How an epoch is dealt to several processes. */
export interface Dealing {
  /** Records of a block for so many processes; blocks are smaller where there are few records, and larger where there are very many. */
  grain(size: number): number;
  /** Draws which process has the first block of a round, so that no pattern of the data is that of the turns. */
  readonly random: Random;
  /** Turns move on by one each epoch: of a single part a process has every block within `size` epochs. */
  readonly epoch: number;
}

/**
 * The places that one process reads. Blocks of places are dealt in rounds, one to each process, so that each has an even sample of every stretch
 * that is long enough, whichever records of it are left out later. What makes no whole round is dealt in runs, so that the numbers of places differ by 1
 * at most.
 *
 * ```
 * blocks of 2     0 1 | 2 3 | 4 5 | 6 7 | 8 9 | 10 11 | 12 | 13
 * process         0     1     1     0     0     1       0    1
 * ```
 */
export function stripesOf(places: Places, { rank, size }: Share, { grain, random, epoch }: Dealing): Places {
  if (size === 1) return places;
  const count = countOf(places);
  const blocks = Math.min(Math.max(Math.floor(count / (grain(size) * size)), FEWEST_BLOCKS), MOST_BLOCKS);
  const length = Math.max(1, Math.floor(count / (blocks * size)));
  const rounds = Math.floor(count / (length * size));
  const turns = random.fork(size);
  const dealt: Interval[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = (epoch + turns.integer(size)) % size;
    const place = (rank + size - first) % size;
    const begin = (round * size + place) * length;
    dealt.push([begin, begin + length]);
  }
  const first = rounds * size * length;
  // Of fewer records than processes the same process goes without in every epoch.
  const place = rounds === 0 ? rank : (rank + epoch) % size;
  const restAt = (place: number) => first + Math.floor((place * (count - first)) / size);
  if (restAt(place) < restAt(place + 1)) dealt.push([restAt(place), restAt(place + 1)]);
  return slices(places, union([dealt]));
}
