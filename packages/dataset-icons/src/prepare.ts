import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { checkOptions, rule, type SkipReport } from '@simvlm/core';
import { replaceFile } from '@simvlm/core/node';
import { convertToShards } from '@simvlm/data/node';
import { type EmojiDataset, prepareEmojiDataset, withOneThreadEach } from '@simvlm/dataset-emoji';
import { attributionText } from './attribution';
import { readCatalog } from './catalog';
import { heldOutWords } from './held-out-words';
import { type Counts, inOrderOfRules } from './left-out';
import { findPackage, PACKAGES } from './packages';
import { IconReader } from './reader';
import { testedOf } from './tested';
import { HASH_DISTANCE, PIXEL_DISTANCE, TestedPictures } from './tested-pictures';

export interface PrepareIconsOptions {
  /** Where the shards go: a new folder, or that of a preparation that was killed. */
  readonly folder: string;
  /** The project that `@iconify/json` and `@carbon/pictograms` are installed in; default: the working directory. */
  readonly packages?: string;
  /** Side of the pictures in pixels, 16 to 128; default 64. */
  readonly size?: number;
  /** Samples in a shard; default 1000. */
  readonly shardSize?: number;
  /** Pictures that are drawn at once; default: two for each processor. */
  readonly workers?: number;
  /** The emoji that are tested on; default: all, drawn or from the cache. */
  readonly emoji?: EmojiDataset;
  readonly onProgress?: (progress: IconProgress) => void;
}

/** How far a preparation is. */
export interface IconProgress {
  /** `read`: names and captions are being read; `draw`: pictures are drawn and written. */
  readonly phase: 'read' | 'draw';
  readonly done: number;
  readonly total: number;
}

/** What came of a preparation; `report.json` in its folder. */
export interface IconReport {
  /** Names and versions of the packages. */
  readonly packages: Readonly<Record<string, string>>;
  /** Icons in the packages. */
  readonly found: number;
  /** Of these, by the rule that leaves them out. */
  readonly leftOut: Counts;
  readonly coloured: number;
  readonly monochrome: number;
}

export interface PreparedIcons {
  readonly report: IconReport;
  readonly shards: number;
  /** Icons that could not be drawn; among `leftOut` too. */
  readonly skipped: SkipReport;
}

/** Raised by whoever changes what the same packages become: captions, rules, colours, drawing. */
const FORMAT = 1;

/**
 * Draws the icons of the packages, leaves out what is tested on, and writes WebDataset tar shards with `report.json` and `ATTRIBUTION.md`. The
 * same packages give the same bytes. Killed and run again, it goes on behind the last whole shard.
 *
 * @throws ConfigError for an option, or a folder that holds something else; DataError for a package that is missing or damaged; OutputError for
 *   a full disk
 */
export async function prepareIcons(options: PrepareIconsOptions): Promise<PreparedIcons> {
  checkOptions('icons', options, OPTIONS);
  const {
    folder,
    packages = '.',
    size = 64,
    shardSize = 1000,
    workers = 2 * availableParallelism(),
    onProgress,
  } = options;
  const iconify = findPackage(PACKAGES.iconify, packages);
  const pictograms = findPackage(PACKAGES.pictograms, packages);
  const tested = testedOf(options.emoji ?? (await prepareEmojiDataset()));
  onProgress?.({ phase: 'read', done: 0, total: 1 });
  const isHeldOut = heldOutWords(tested.labels, tested.concepts);
  const { candidates, found, leftOut, sets } = readCatalog({ iconify, pictograms, isHeldOut });
  const total = candidates.length;
  const pictures = new TestedPictures(tested.pictures);
  const reader = new IconReader(candidates, {
    size,
    workers,
    pictureRule: (drawing, picture) => pictures.rule(drawing, picture),
    onProgress: done => onProgress?.({ phase: 'draw', done, total }),
  });
  const versions = { [iconify.name]: iconify.version, [pictograms.name]: pictograms.version };
  const { shards, skipped } = await withOneThreadEach(() =>
    convertToShards(reader, {
      folder,
      settings: {
        ...{ icons: versions, format: FORMAT, size, shardSize, tested: tested.pictures.length },
        ...{ distances: [HASH_DISTANCE, PIXEL_DISTANCE] },
      },
      limit: { samples: shardSize },
    }),
  );
  const { coloured, monochrome, leftOut: unlike } = reader.counts;
  const report = {
    packages: versions,
    found,
    leftOut: inOrderOfRules({ ...leftOut, ...unlike }),
    coloured,
    monochrome,
  };
  await replaceFile(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  await replaceFile(join(folder, 'ATTRIBUTION.md'), attributionText(sets, versions));
  return { report, shards: Object.keys(shards).length, skipped };
}

const OPTIONS = {
  folder: rule.string,
  packages: rule.string,
  size: rule.integer(16, 128),
  shardSize: rule.integer(1),
  workers: rule.integer(1, 256),
  emoji: rule.object,
  onProgress: { expected: 'a function', accepts: (value: unknown) => typeof value === 'function' },
};
