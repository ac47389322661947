import { DataError, hashIntegers, hashText, type Random, type Share } from '@simvlm/core';

/** What every saved place says of the order that it is a place of. */
export interface Belonging {
  /** `SampleSource.identity`; null before the first draw. */
  readonly data: string | null;
  /** `orderHash`. */
  readonly order: number;
  readonly share: Share;
}

/** Tells orders of the same data apart: of another seed, or shuffled otherwise. */
export function orderHash(random: Random, shuffle: number | false | undefined): number {
  return hashText(String(shuffle), hashIntegers(random.state().key));
}

/**
 * Checks the places of all processes of a run.
 *
 * @param places by rank
 * @throws DataError when they do not belong together, or to another order
 */
export function checkBelonging(places: readonly Belonging[], order: number): void {
  const known = places.flatMap(({ data }) => data ?? []);
  for (const [rank, { share, order: saved }] of places.entries()) {
    if (share.size !== places.length || share.rank !== rank)
      throw new DataError(
        'DATA_INVALID',
        `the saved places in the data do not belong together: place ${rank} of ${places.length} is that of process ${share.rank} of ${share.size}`,
      );
    if (saved !== order)
      throw new DataError(
        'DATA_INVALID',
        'the saved place in the data belongs to another order: its seed or its shuffling is another; begin from the start',
      );
  }
  if (new Set(known).size > 1)
    throw new DataError('DATA_INVALID', 'the saved places in the data belong to different data');
}

/** @throws DataError when a place was saved in other data than these */
export function checkData(name: string, saved: string | null, data: string): void {
  if (saved !== null && saved !== data)
    throw new DataError(
      'DATA_INVALID',
      `${name}: these are not the data that the saved place belongs to; begin from the start`,
    );
}
