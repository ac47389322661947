import {
  DataError,
  ImageError,
  type Reader,
  type Sample,
  SkipLog,
  type SkipReport,
  type Tokenizer,
} from '@simvlm/core';
import { compact } from '../../readers/columns';
import { inOrder } from '../in-order';
import { joinedReport } from '../joined-report';
import { lookAt, PictureCounter, type PictureLook, type PictureStatistics } from './picture-statistics';
import { Tally } from './tally';
import { TextCounter, type TextStatistics } from './text-statistics';

const PARTS = [
  'text',
  'texts',
  'question',
  'answers',
  'label',
  'split',
  'source',
  'target',
  'fields',
] as const;

/** Pictures that are read at once: enough to hide a server's answers, and to keep a decoder busy. */
const AT_ONCE = 8;

/** What is in a data set. */
export interface DataStatistics {
  readonly format: string;
  /** Those that can be used. */
  readonly samples: number;
  /** Samples that have a picture, two of them, a text, a label, … */
  readonly with: Readonly<Record<string, number>>;
  /** Pictures that are only known by their address. */
  readonly addresses: number;
  /** Absent where there is none, or none was opened. */
  readonly pictures?: PictureStatistics;
  /** By what they are: `text` (all captions), `question`, `answer`, `source`, `target`. */
  readonly texts: Readonly<Record<string, TextStatistics>>;
  readonly splits: Readonly<Record<string, number>>;
  /** The most frequent first. Of more than 100,000 labels the others are counted together. */
  readonly labels: {
    readonly distinct: number;
    readonly counts: readonly (readonly [label: string, count: number])[];
    readonly others: number;
  };
  /** Samples that cannot be used: each is counted once, with the first twenty reasons. */
  readonly unusable: SkipReport;
}

export interface StatisticsOptions {
  /** For lengths in tokens. */
  readonly tokenizer?: Tokenizer;
  /** `header`: pictures are read, not decoded; `decode`: decoded as well; `none`: not opened. Default `header`. */
  readonly pictures?: 'header' | 'decode' | 'none';
  /** Told after each sample how many there were. */
  readonly onProgress?: (samples: number) => void;
}

/**
 * Reads a data set once and counts what is in it. Memory: 8 bytes for each picture and each text, and what the labels and the reader take.
 *
 * @throws DataError for a damaged file
 */
export async function dataStatistics(
  reader: Reader,
  { tokenizer, pictures = 'header', onProgress }: StatisticsOptions = {},
): Promise<DataStatistics> {
  const counter = new SampleCounter(tokenizer);
  const skips = new SkipLog();
  const look = async (sample: Sample) => {
    try {
      return { sample, looks: pictures === 'none' ? [] : await looksOf(sample, pictures === 'decode') };
    } catch (error) {
      if (!(error instanceof DataError || error instanceof ImageError)) throw error;
      return { sample, error };
    }
  };
  for await (const { sample, looks, error } of inOrder(reader, AT_ONCE, look)) {
    if (looks) counter.add(sample, looks);
    else skips.add(sample.key, error, sample.key);
    onProgress?.(counter.samples);
  }
  return {
    format: reader.format,
    ...counter.statistics(),
    unusable: joinedReport([reader.skipped(), skips.report()]),
  };
}

function looksOf({ images }: Sample, decodes: boolean): Promise<PictureLook[]> {
  const stored = images.filter(({ isRemote }) => !isRemote);
  return Promise.all(stored.map(async image => lookAt(await image.bytes(), decodes)));
}

class SampleCounter {
  samples = 0;
  #addresses = 0;
  readonly #with = new Tally();
  readonly #splits = new Tally();
  readonly #labels = new Tally();
  readonly #pictures = new PictureCounter();
  readonly #texts: Readonly<Record<string, TextCounter>>;

  constructor(tokenizer: Tokenizer | undefined) {
    const kinds = ['text', 'question', 'answer', 'source', 'target'];
    this.#texts = Object.fromEntries(kinds.map(kind => [kind, new TextCounter(tokenizer)]));
  }

  add(sample: Sample, looks: readonly PictureLook[]): void {
    this.samples++;
    const { images, text, texts = text === undefined ? [] : [text], label, split } = sample;
    if (images.length > 0) this.#with.add('picture');
    if (images.length > 1) this.#with.add('several pictures');
    for (const part of PARTS) if (sample[part] !== undefined) this.#with.add(part);
    for (const look of looks) this.#pictures.add(look);
    for (const { isRemote } of images) if (isRemote) this.#addresses++;
    if (label !== undefined) this.#labels.add(String(label));
    if (split !== undefined) this.#splits.add(split);
    this.#addTexts('text', texts);
    this.#addTexts('answer', sample.answers ?? []);
    for (const kind of ['question', 'source', 'target'] as const)
      if (sample[kind] !== undefined) this.#addTexts(kind, [sample[kind]]);
  }

  #addTexts(kind: string, texts: readonly string[]): void {
    for (const text of texts) this.#texts[kind]!.add(text);
  }

  statistics() {
    const labels = this.#labels.byCount();
    const texts = Object.entries(this.#texts).map(([kind, counter]) => [kind, counter.statistics()]);
    return compact({
      samples: this.samples,
      with: Object.fromEntries(this.#with.byCount()),
      addresses: this.#addresses,
      pictures: this.#pictures.statistics(),
      texts: compact(Object.fromEntries(texts) as Record<string, TextStatistics>),
      splits: Object.fromEntries(this.#splits.byCount()),
      labels: { distinct: labels.length, counts: labels, others: this.#labels.others },
    });
  }
}
