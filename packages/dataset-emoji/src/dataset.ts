import { createHash } from 'node:crypto';
import {
  checkOptions,
  DataError,
  type ExampleDataset,
  rule,
  type SkipReport,
  skipReport,
} from '@simvlm/core';
import { type Attribution, readAttribution } from './attribution';
import { readCatalog } from './catalog';
import { readDocuments } from './documents';
import { type EmojiItem, type EmojiSplit, emojiItem, emojiSplit } from './items';
import { loadPictures } from './pictures';
import {
  assignSplits,
  chooseHeldOut,
  heldOutLabels,
  isInShare,
  limitPictures,
  type SplitName,
} from './splits';

/** How far the preparation is, in pictures. */
export interface EmojiProgress {
  readonly done: number;
  readonly total: number;
  /** `draw`: pictures are being drawn; `cache`: all came from the cache. */
  readonly phase: 'draw' | 'cache';
  /** Something that went wrong without stopping the preparation; also among the data set's `warnings`. */
  readonly warning?: string;
}

export interface EmojiDatasetOptions {
  /** Side of the pictures in pixels, from 8 to 128; default 32. */
  readonly size?: number;
  /** Folder for the drawn pictures; default: SIMVLM_CACHE, XDG_CACHE_HOME/simvlm or ~/.cache/simvlm. */
  readonly cacheDir?: string;
  /** Keeps about this many pictures of each artist, for tests and trials; default: all. */
  readonly limit?: number;
  /** Adds the pictures of further artists to `train`, and changes no other split; default false. */
  readonly furtherArtists?: boolean;
  /** How much of `train`, above 0 to 1, drawn by the pictures' names: a smaller share is a part of each larger one. Default 1. */
  readonly share?: number;
  readonly onProgress?: (progress: EmojiProgress) => void;
  /** Stops the preparation, which then rejects with the signal's reason and leaves no file behind. */
  readonly signal?: AbortSignal;
}

/** Emoji of six artists, of nine where asked for, with their names; how they are split is in the README. */
export interface EmojiDataset {
  /** Side of the pictures in pixels. */
  readonly size: number;
  readonly train: EmojiSplit;
  readonly val: EmojiSplit;
  readonly unseenArtist: EmojiSplit;
  readonly unseenComposition: EmojiSplit;
  readonly unseenConcept: EmojiSplit;
  /** Text only: WordNet's glosses. Read when first used, which takes about a second. */
  readonly documents: ExampleDataset;
  /** Pictures in no split, because their pixels equal those of a held-out picture. */
  readonly leftOut: readonly EmojiItem[];
  /** Pictures that could not be drawn, and so are in no split. */
  readonly skipped: SkipReport;
  /** What else went wrong, such as a cache that cannot be written; empty when all is well. */
  readonly warnings: readonly string[];
  readonly attribution: readonly Attribution[];
  /** How often a picture of `train` should appear in an epoch: 1, for people with a skin tone 0.25. */
  readonly trainWeight: (index: number) => number;
  /** The distinct captions of `train`, for training a tokenizer. */
  captionTexts(): string[];
}

/** Half of all pictures are people in five skin tones and more; at full weight they would crowd out the rest. */
const TONED_WEIGHT = 0.25;

/**
 * Draws the emoji or takes them from the cache, and splits them.
 *
 * @throws ConfigError for an option that is unknown or out of range; DataError when a source package or sharp is
 *   missing or nothing can be drawn; the signal's reason on abort
 */
export async function prepareEmojiDataset(options: EmojiDatasetOptions = {}): Promise<EmojiDataset> {
  checkOptions('emoji data set', options, OPTIONS);
  const { size = 32, cacheDir, limit, furtherArtists = false, share = 1, onProgress, signal } = options;
  signal?.throwIfAborted();
  const catalog = readCatalog(furtherArtists);
  const heldOut = chooseHeldOut(catalog.pictures);
  const wanted = limit === undefined ? catalog.pictures : limitPictures(catalog.pictures, limit);
  const warnings: string[] = [];
  let done = 0;
  const { pixels, failures, cached } = await loadPictures(wanted, {
    size,
    ...(cacheDir !== undefined && { cacheDir }),
    ...(signal && { signal }),
    onProgress: (now, total) => onProgress?.({ done: (done = now), total, phase: 'draw' }),
    onWarning: warning => {
      warnings.push(warning);
      onProgress?.({ done, total: wanted.length, phase: 'draw', warning });
    },
  });
  if (cached) onProgress?.({ done: wanted.length, total: wanted.length, phase: 'cache' });
  const reasons = [...failures.values()];
  if (reasons.length === wanted.length)
    throw new DataError('DATA_INVALID', `none of ${wanted.length} emoji could be drawn; ${reasons[0]}`);

  const places = wanted.flatMap((_, index) => (failures.has(index) ? [] : [index]));
  const pictures = places.map(index => wanted[index]!);
  const splits = assignSplits(pictures, heldOut, fingerprints(places, pixels, size));
  const items = pictures.map(picture => emojiItem(picture, heldOut));
  const split = (name: SplitName): EmojiSplit => {
    const isIn = (index: number) =>
      splits[index] === name && (name !== 'train' || isInShare(items[index]!.id, share));
    const chosen = items.flatMap((_, index) => (isIn(index) ? [index] : []));
    return emojiSplit(
      chosen.map(index => items[index]!),
      chosen.map(index => places[index]!),
      pixels,
      size,
    );
  };
  const train = split('train');
  let documents: ExampleDataset | undefined;
  return {
    size,
    train,
    val: split('val'),
    unseenArtist: split('unseen-artist'),
    unseenComposition: split('unseen-composition'),
    unseenConcept: split('unseen-concept'),
    get documents() {
      return (documents ??= readDocuments(heldOutLabels(catalog.labels, heldOut)));
    },
    leftOut: split('left-out').items,
    skipped: skipReport(reasons),
    warnings,
    attribution: readAttribution(),
    trainWeight: index => (train.items[index]?.toned ? TONED_WEIGHT : 1),
    captionTexts: () => [...new Set(train.items.map(({ label }) => label))],
  };
}

/** What says which pictures are drawn, and where they are kept. */
export const drawingRules = {
  // At 128 pixels the whole set is 0.9 GB; files of more than 2 GiB cannot be read at once.
  size: rule.integer(8, 128),
  cacheDir: rule.string,
  limit: rule.integer(1),
};

const OPTIONS = {
  ...drawingRules,
  furtherArtists: rule.boolean,
  share: rule.share,
  onProgress: { expected: 'a function', accepts: (value: unknown) => typeof value === 'function' },
  signal: rule.object,
};

/** Equal only where the pixels are. */
function fingerprints(places: readonly number[], pixels: Uint8Array, size: number): string[] {
  const bytes = size * size * 3;
  return places.map(place =>
    createHash('sha256')
      .update(pixels.subarray(place * bytes, (place + 1) * bytes))
      .digest('base64'),
  );
}
