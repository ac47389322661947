import type { JsonValue, SkipReport } from './contracts';

/** A picture of a sample, as it is stored. */
export interface SampleImage {
  /** Its path, its name in an archive or its address, as its source writes it. */
  readonly path: string;
  /** Only its address is known: its bytes have to be fetched first. */
  readonly isRemote?: true;
  /**
   * The stored bytes. They are read when this is called, and each time again.
   *
   * @throws DataError that names the file when they cannot be read
   */
  bytes(): Promise<Uint8Array>;
}

/** What a reader makes of one record of a data set. A member that the record does not have is absent. */
export interface Sample {
  /** Tells samples of a source apart, and stays the same from epoch to epoch. */
  readonly key: string;
  /** None for text alone, two for NLVR2, else one as a rule. */
  readonly images: readonly SampleImage[];
  /** The caption, or the first of several. */
  readonly text?: string;
  /** All captions, where there are several. */
  readonly texts?: readonly string[];
  readonly question?: string;
  /** As many as the source has: ten in VQAv2. */
  readonly answers?: readonly string[];
  /** A class: its number, or its name where the source has only that. */
  readonly label?: number | string;
  /** The source's own name of the split, such as `train` or `restval`. */
  readonly split?: string;
  /** For translation: the text to translate. */
  readonly source?: string;
  /** For translation: its translation. */
  readonly target?: string;
  /** What else the record says, by the source's names. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
}

/** One of `size` readers that share a source: each sample is read by exactly one of them. */
export interface Share {
  /** 0 ≤ rank < size. */
  readonly rank: number;
  /** At least 1. */
  readonly size: number;
}

/**
 * The samples of a source from beginning to end, in an order that never changes. Iterating again goes on where the last iteration stopped;
 * after the end it gives nothing.
 */
export interface Reader extends AsyncIterable<Sample> {
  /** The name of the format, such as `webdataset`. */
  readonly format: string;
  /** Where the reader is: after the sample that was given last, in the middle of a shard too. */
  state(): JsonValue;
  /**
   * Goes to where a reader of the same source and share was.
   *
   * @throws DataError when the state belongs to other data or another share, or is damaged
   */
  restore(state: JsonValue): void;
  /** The records that could not be used, counted since the beginning of the source, also across a `restore`. */
  skipped(): SkipReport;
}
