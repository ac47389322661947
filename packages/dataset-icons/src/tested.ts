import type { RgbImage } from '@simvlm/core';
import type { EmojiDataset, EmojiSplit } from '@simvlm/dataset-emoji';

/** What of the emoji is tested on, and must not come up in training. */
export interface Tested {
  /** Held-out combinations of people and skin tones. */
  readonly labels: readonly string[];
  readonly concepts: readonly string[];
  /** Of the unseen artist, of held-out combinations and concepts, and of the validation split. */
  readonly pictures: readonly RgbImage[];
}

/** What is tested on, of a whole data set: a part of it has only a part of the labels. */
export function testedOf(emoji: EmojiDataset): Tested {
  const { unseenArtist, unseenComposition, unseenConcept, val } = emoji;
  const heldOut = (why: 'composition' | 'concept', own: EmojiSplit) => [
    ...new Set(
      [...own.items, ...unseenArtist.items.filter(item => item.heldOut === why)].map(({ label }) => label),
    ),
  ];
  return {
    labels: heldOut('composition', unseenComposition),
    concepts: heldOut('concept', unseenConcept),
    pictures: [unseenArtist, unseenComposition, unseenConcept, val].flatMap(picturesOf),
  };
}

function picturesOf(split: EmojiSplit): RgbImage[] {
  return split.items.map((_, index) => split.get(index).image!);
}
