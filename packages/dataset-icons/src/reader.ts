import {
  DataError,
  type JsonValue,
  Random,
  type Reader,
  type RgbImage,
  type Sample,
  SkipLog,
  type SkipReport,
} from '@simvlm/core';
import { inOrder } from '@simvlm/data/node';
import type { Candidate } from './catalog';
import { drawIcon } from './draw-icon';
import { type Counts, countUp, type Rule } from './left-out';

/** Share of the pictures that are not for training. */
const VAL_SHARE = 0.02;

const random = Random.fromSeed(210_810_904).fork('icons in val');

/** What has come of the candidates so far. */
export interface IconCounts {
  readonly coloured: number;
  readonly monochrome: number;
  readonly leftOut: Counts;
}

type Position = {
  /** Candidates that are behind us. */
  at: number;
  coloured: number;
  monochrome: number;
  leftOut: Counts;
};

export interface IconReaderOptions {
  /** Side of the pictures in pixels. */
  readonly size: number;
  /** Why a picture is left out, if it is: its drawing, and as it is trained on. */
  readonly pictureRule: (drawing: RgbImage, picture: RgbImage) => Rule | undefined;
  /** Pictures that are drawn at once. */
  readonly workers: number;
  /** Told after each candidate how many are done. */
  readonly onProgress?: (done: number) => void;
}

/** Draws candidates, and gives those as samples that no rule leaves out. */
export class IconReader implements Reader {
  readonly format = 'icons';
  readonly #candidates: readonly Candidate[];
  readonly #options: IconReaderOptions;
  readonly #skips = new SkipLog();
  #position: Position = { at: 0, coloured: 0, monochrome: 0, leftOut: {} };

  constructor(candidates: readonly Candidate[], options: IconReaderOptions) {
    this.#candidates = candidates;
    this.#options = options;
  }

  get counts(): IconCounts {
    const { at: _, ...counts } = this.#position;
    return structuredClone(counts);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Sample> {
    const { workers, size, pictureRule, onProgress } = this.#options;
    const work = async (candidate: Candidate) => ({
      candidate,
      drawn: await drawIcon(candidate, size, pictureRule),
    });
    for await (const { candidate, drawn } of inOrder(this.#rest(), workers, work)) {
      const position = this.#position;
      position.at++;
      onProgress?.(position.at);
      if ('rule' in drawn) {
        countUp(position.leftOut, drawn.rule);
        if (drawn.problem) this.#skips.add(candidate.key, drawn.problem, candidate.key);
        continue;
      }
      const place = position.coloured + position.monochrome;
      position[candidate.coloured ? 'coloured' : 'monochrome']++;
      yield sampleOf(candidate, drawn.png, place);
    }
  }

  state(): JsonValue {
    return { ...structuredClone(this.#position), skipped: this.#skips.state() };
  }

  restore(state: JsonValue): void {
    const { skipped, ...position } = state as Position & { skipped: JsonValue };
    if (!Number.isSafeInteger(position.at) || position.at < 0 || position.at > this.#candidates.length)
      throw new DataError(
        'DATA_INVALID',
        'the saved place among the icons is damaged; begin with a new folder',
      );
    this.#skips.restore(skipped);
    this.#position = structuredClone(position);
  }

  skipped(): SkipReport {
    return this.#skips.report();
  }

  async *#rest(): AsyncGenerator<Candidate> {
    for (let i = this.#position.at; i < this.#candidates.length; i++) yield this.#candidates[i]!;
  }
}

function sampleOf(
  { key, captions, set, licence, coloured }: Candidate,
  png: Uint8Array,
  place: number,
): Sample {
  return {
    key,
    images: [{ path: `${key}.png`, bytes: async () => png }],
    text: captions[0]!,
    ...(captions.length > 1 && { texts: captions }),
    split: random.fork(key).uniform() < VAL_SHARE ? 'val' : 'train',
    fields: { set, licence, coloured, place },
  };
}
