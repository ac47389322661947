import type { JsonValue, RgbImage, Share, SkipReport } from './contracts';
import type { Random } from './random';

/** A picture of a sample, as it is stored. */
export interface SampleImage {
  /** Its path, its name in an archive or its address, as its source writes it. */
  readonly path: string;
  /** Where it is, if not in a file of its own: the file that holds it and its place there. Others may have the same `path`. */
  readonly place?: string;
  /** Only its address is known: its bytes have to be fetched first. */
  readonly isRemote?: true;
  /**
   * The stored bytes. They are read when this is called, and each time again.
   *
   * @throws DataError that names the file when they cannot be read
   */
  bytes(): Promise<Uint8Array>;
  /** The picture, where its source has it decoded: then `bytes` is not asked for. */
  readonly pixels?: RgbImage;
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

/** A record in the order of training. */
export interface Draw {
  /** Absent where the record cannot be used (then there is a `problem`), or is left out, as it belongs to another split. */
  readonly sample?: Sample;
  /** Why the record cannot be used. */
  readonly problem?: Error;
  /** Which pass through the source it belongs to, from 0 on. */
  readonly epoch: number;
  /** Which time in this epoch, from 0 on: a sample of weight 2 comes twice. */
  readonly copy: number;
  /** Where the order stands behind it: what `restore` takes. */
  readonly after: JsonValue;
}

/**
 * A source in the order of training, epoch after epoch without end, as one of several processes reads it. In each epoch every record comes to
 * exactly one process, and the epoch ends in all of them at the same record of the whole.
 */
export interface SampleOrder {
  /**
   * The next record.
   *
   * @throws DataError for a file that is damaged or has changed, and for a source without records
   */
  next(): Promise<Draw>;
  /** Where it stands: at the beginning, where `restore` put it, or behind the record that was given last, as its `Draw.after` says. */
  state(): JsonValue;
  /**
   * Goes to where the orders of all processes stood. As many processes as before go on at the very record; another number of them deals what is
   * left of the epoch anew, so that no record of it comes twice or is left out.
   *
   * @param states what `state()` or `Draw.after` said in each process, by rank
   * @throws DataError when they belong to other data or another order, or are damaged
   */
  restore(states: readonly JsonValue[]): void;
  /** Stops reading ahead, and lets go of open files at the next record; does not wait for it. Then `next` throws. */
  close?(): void;
}

export interface OrderOptions {
  /** Default: all of it. */
  readonly share?: Share;
  /** Every draw follows from it; forked only, so that an order depends on its key and the epoch alone. */
  readonly random: Random;
  /**
   * Records that are mixed at a time: a window of so many is read, shuffled and given; then the next. `false`: the stored order. Default: as
   * many as the source finds right.
   */
  readonly shuffle?: number | false;
}

/** A data set as training reads it, in part and any number of times. */
export interface SampleSource {
  /** For messages. */
  readonly name: string;
  /**
   * Records in an epoch, those that cannot be used included. Where nothing tells it, everything but the pictures is read for it, once.
   *
   * @throws DataError for a damaged file
   */
  count(): Promise<number>;
  /** A text that differs when the data do, by the names and sizes of files and what is in their ends: processes compare it, and a resumed run does. */
  identity(): Promise<string>;
  /** All records once, in the stored order; pictures are not opened. */
  read(): Reader;
  order(options: OrderOptions): SampleOrder;
}
