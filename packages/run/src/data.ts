import type { ExampleDataset, SampleSource } from '@simvlm/core';
import type { EmojiDataset } from '@simvlm/dataset-emoji';
import type { SourceUse } from './sources/open-source';

/** A source as a run trains on it. */
export interface RunSource {
  readonly source: SampleSource;
  /** The same with random access, where it has that: `source.read()` need not give the pictures of such. */
  readonly examples?: ExampleDataset;
  /** Records in an epoch, where that is known without another look; else `source.count()` says. */
  readonly length?: number;
  /** How it is used, where that is not as the run says. */
  readonly use?: SourceUse;
  /** Its pictures come decoded: no worker is needed for them. */
  readonly isDecoded?: boolean;
}

/** What a run trains on, whatever it comes from. */
export interface RunData {
  /** Pairs: mixed by weight where there are several sources. None of them is validated on. */
  readonly train: readonly RunSource[];
  /** Pairs to watch during training; never trained on. Pictures are decoded when asked for. */
  readonly val?: ExampleDataset;
  /** Text alone; empty when there is none. */
  readonly documents: readonly RunSource[];
  /** Different texts of the training pairs: all of them, or a million drawn evenly. A tokenizer is learnt from them, and looked at with them. */
  readonly captions: readonly string[];
  /** Documents for the same: those in memory, and some of a source that is streamed. */
  readonly texts: ExampleDataset;
  /** Pictures that cannot be used, as they were named before the first step. */
  readonly unreadable?: readonly string[];
  /** The emoji data set with its test splits, when it is what is trained on. */
  readonly emoji?: EmojiDataset;
}

/** Records in an epoch of all these sources, counted where nobody knows. */
export async function recordsIn(sources: readonly RunSource[]): Promise<number> {
  let count = 0;
  for (const { source, length } of sources) count += length ?? (await source.count());
  return count;
}
