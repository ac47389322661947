import { join } from 'node:path';
import { checkOptions, DataError, type JsonValue, rule, type SampleSource } from '@simvlm/core';
import { filteredSource, webDatasetSource } from '@simvlm/data';
import { diskFile } from '@simvlm/data/node';
import { readJson } from './packages';
import type { IconReport } from './prepare';

export interface IconSourceOptions {
  /** The folder that `prepareIcons` wrote. */
  readonly shards: string;
  /** Default `train`. */
  readonly split?: 'train' | 'val';
  /** Those with colours of their own alone, or those in one colour alone; default: both. */
  readonly coloured?: boolean;
  /** How much of each kind, above 0 to 1; a smaller share is a part of each larger one. Default 1. */
  readonly share?: number;
}

/** Places of samples: from the first one up to the last, which is not among them. */
type Range = readonly [from: number, to: number];

/**
 * Prepared icons as a source. Shards that hold none of what is asked for are not opened.
 *
 * @throws ConfigError for an option; DataError for a folder that is not a finished preparation
 */
export function iconSource(options: IconSourceOptions): SampleSource {
  checkOptions('source icons', options, OPTIONS);
  const { shards: folder, split = 'train', coloured, share = 1 } = options;
  if (folder === undefined)
    throw new DataError(
      'DATA_NOT_FOUND',
      'source icons: "shards" is missing: the folder that `simvlm data icons --out FOLDER` wrote',
    );
  const ranges = rangesOf(reportOf(folder), coloured, share);
  const names: string[] = [];
  let first = 0;
  for (const [name, count] of Object.entries(readJson<Record<string, number>>(join(folder, 'sizes.json')))) {
    const end = first + count;
    if (ranges.some(([from, to]) => from < end && first < to)) names.push(name);
    first = end;
  }
  const source = webDatasetSource(
    names.map(name => diskFile(join(folder, name))),
    { split, sizes: diskFile(join(folder, 'sizes.json')) },
  );
  return filteredSource(source, ({ fields }) => ranges.some(range => isIn(range, fields?.place)));
}

/** Coloured icons come first, and each kind in a random order: its first ones are a fair draw. */
function rangesOf({ coloured, monochrome }: IconReport, wanted: boolean | undefined, share: number): Range[] {
  const most = (count: number) => Math.round(count * share);
  const ofColoured: Range = [0, most(coloured)];
  const ofMonochrome: Range = [coloured, coloured + most(monochrome)];
  return wanted === undefined ? [ofColoured, ofMonochrome] : [wanted ? ofColoured : ofMonochrome];
}

function isIn([from, to]: Range, place: JsonValue | undefined): boolean {
  return typeof place === 'number' && from <= place && place < to;
}

function reportOf(folder: string): IconReport {
  try {
    return readJson<IconReport>(join(folder, 'report.json'));
  } catch (cause) {
    throw new DataError(
      'DATA_NOT_FOUND',
      `source icons: ${folder} holds no prepared icons (${(cause as Error).message}); prepare them: simvlm data icons --out ${folder}`,
      { cause },
    );
  }
}

const OPTIONS = {
  shards: rule.string,
  split: rule.oneOf('train', 'val'),
  coloured: rule.boolean,
  share: rule.share,
};
