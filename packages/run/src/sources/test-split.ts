import { ConfigError, type Sample } from '@simvlm/core';
import type { SourceConfig } from '../config/sources';

/** `test`, `test2015`, `testdev`; of the embedded data set everything held out: `unseenArtist`, `unseen-concept`. */
export function isTestSplit(name: string): boolean {
  return /^(test|unseen)/i.test(name);
}

/**
 * The test split that a source names: its `split`, else the name of its file or folder, such as `test-00000.parquet`, `snli_ve_test.jsonl` or
 * `data/test/`. Undefined where it names none; the records may have one all the same, see `testSplitOf`.
 */
export function namedTestSplit(source: SourceConfig): string | undefined {
  if (typeof source === 'string') return testPlace([source]);
  const { split } = source;
  if (typeof split === 'string') return split.split('+').find(isTestSplit);
  if ('source' in source) return undefined;
  return testPlace([source.path].flat());
}

/** The test split of records that name their split. */
export function testSplitOf(samples: readonly Sample[]): string | undefined {
  return samples.find(({ split }) => split !== undefined && isTestSplit(split))?.split;
}

/**
 * Refuses a test split where models are chosen.
 *
 * @param split as the functions above find it
 * @throws ConfigError
 */
export function refuseTestSplit(name: string, split: string | undefined): void {
  if (split === undefined) return;
  throw new ConfigError(
    'CONFIG_INVALID',
    `${name} holds the test split "${split}": what chooses a model (the best checkpoint, early stopping) must not be what it is judged by; give the ` +
      'development split, or split some training examples off with "data.valShare"',
  );
}

/** The last name of a path; of a file that of its folder, too. */
function testPlace(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const names = path.split(/[\\/]/).filter(name => name !== '' && name !== '.');
    const found = names.slice(/\.\w+$/.test(path) ? -2 : -1).find(hasTestInIt);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The word, and not a part of another: `test2015` is, `latest` is not. */
function hasTestInIt(name: string): boolean {
  return /(^|[^a-z])test(?![a-z])/i.test(name);
}
