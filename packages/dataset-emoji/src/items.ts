import { DataError, type Example, type ExampleDataset } from '@simvlm/core';
import type { CatalogPicture } from './catalog';
import type { ArtistName } from './sources';
import type { HeldOut } from './splits';

/** What is known about one picture. */
export interface EmojiItem {
  /** `artist/hexcode`: unique and stable. */
  readonly id: string;
  readonly artist: ArtistName;
  /** Code points in lower-case hexadecimal, joined by `-`, without FE0F. */
  readonly hexcode: string;
  /** The caption: CLDR's English short name. */
  readonly label: string;
  /** The same emoji without skin tones; equal to `hexcode` and `label` where there are none. */
  readonly baseHexcode: string;
  readonly baseLabel: string;
  /** Unicode's group, such as `people-body` or `flags`. */
  readonly group: string;
  /** Unicode's subgroup, such as `animal-bird`. */
  readonly subgroup: string;
  /** Skin tones from 1 (light) to 5 (dark), one per person; empty without. */
  readonly tones: readonly number[];
  readonly toned: boolean;
  /** Set where no training picture of any artist shows this; also on pictures of the unseen artist. */
  readonly heldOut?: 'composition' | 'concept';
}

/** Pictures with their captions; `get` gives a copy of the pixels and throws `DataError` for an index outside. */
export interface EmojiSplit extends ExampleDataset {
  /** What `get(index)` shows, for each index. */
  readonly items: readonly EmojiItem[];
  get(index: number): Example;
}

/** The part of a data set that scores are compared on: no skin tones, which few artists draw alike, and no flags. */
export function isCore(item: EmojiItem): boolean {
  return !item.toned && item.group !== 'flags';
}

export function emojiItem({ id, artist, label }: CatalogPicture, heldOut: HeldOut): EmojiItem {
  const why = heldOut.compositions.has(label.hexcode)
    ? 'composition'
    : heldOut.concepts.has(label.hexcode)
      ? 'concept'
      : undefined;
  return { id, artist, ...label, toned: label.tones.length > 0, ...(why && { heldOut: why }) };
}

/**
 * @param places of each item among the pictures of `pixels`
 * @param pixels `uint8[n, size, size, 3]`
 */
export function emojiSplit(
  items: readonly EmojiItem[],
  places: readonly number[],
  pixels: Uint8Array,
  size: number,
): EmojiSplit {
  const bytes = size * size * 3;
  return {
    items,
    length: items.length,
    get(index) {
      const item = items[index];
      if (!item)
        throw new DataError('DATA_NOT_FOUND', `no picture ${index}; there are ${items.length}, from 0`);
      const start = places[index]! * bytes;
      // A copy, so that nobody who writes to a picture, or transfers it to a worker, changes the data set.
      const data = pixels.slice(start, start + bytes);
      return { id: item.id, text: item.label, image: { width: size, height: size, data } };
    },
  };
}
