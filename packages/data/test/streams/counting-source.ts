import type { Draw, RgbImage, Sample, SampleOrder, SampleSource } from '@simvlm/core';
import { expect } from 'vitest';

export interface CountingOptions {
  /** Records of an epoch. */
  readonly count: number;
  /** What a record is; default: its number as text, and a picture of two pixels a side in that grey. */
  readonly record?: (index: number) => Pick<Draw, 'sample' | 'problem'>;
  /** Called when a record is read. */
  readonly onRead?: (index: number) => void | Promise<void>;
}

export function grey(value: number): RgbImage {
  return { width: 2, height: 2, data: new Uint8Array(12).fill(value) };
}

export function sampleOf(index: number, change: Partial<Sample> = {}): Sample {
  const image = { path: `${index}.png`, pixels: grey(index % 256), bytes: () => expect.fail() };
  return { key: `${index}`, images: [image], text: `text ${index}`, ...change };
}

/** Records by their number, in the stored order, epoch after epoch. */
export function countingSource({
  count,
  record = index => ({ sample: sampleOf(index) }),
  onRead,
}: CountingOptions): SampleSource {
  return {
    name: 'numbers',
    count: async () => count,
    identity: async () => `numbers ${count}`,
    read: () => expect.fail(),
    order({ share: { rank, size } = { rank: 0, size: 1 } }): SampleOrder {
      let place = rank;
      return {
        async next() {
          const [index, epoch] = [place % count, Math.floor(place / count)];
          await onRead?.(index);
          place += size;
          return { ...record(index), epoch, copy: 0, after: place };
        },
        state: () => place,
        restore(states) {
          if (!states.every(Number.isInteger)) throw new TypeError('no place');
          place = states[rank] as number;
        },
      };
    },
  };
}
