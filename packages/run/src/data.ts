import type { ExampleDataset } from '@simvlm/core';
import type { EmojiDataset } from '@simvlm/dataset-emoji';

/** What a run trains on, whatever the source. */
export interface RunData {
  /** Pairs. */
  readonly train: ExampleDataset;
  /** How often a pair appears in an epoch. */
  readonly weight?: (index: number) => number;
  /** Pairs to watch during training; never trained on. */
  readonly val?: ExampleDataset;
  /** Text-only documents; empty when there are none. */
  readonly documents: ExampleDataset;
  /** Every training caption once: what the tokenizer learns from, with documents. */
  readonly captions: readonly string[];
  /** Pictures that cannot be used, as they were named before the first step. */
  readonly unreadable?: readonly string[];
  /** The emoji data set with its test splits, when it is what is trained on. */
  readonly emoji?: EmojiDataset;
}
