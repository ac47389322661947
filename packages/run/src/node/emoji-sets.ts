import { ConfigError, didYouMean, type ExampleDataset, Random } from '@simvlm/core';
import { subset } from '@simvlm/data';
import { type EmojiDataset, isCore } from '@simvlm/dataset-emoji';
import type { RunConfig } from '../config/schema';
import type { Named } from '../config/sources';
import type { EvaluationSet } from '../evaluate/evaluation-set';
import type { Reporter } from '../reporter';
import { isTestSplit } from '../sources/test-split';
import { hasFurtherArtists, prepareEmoji } from './data';

/** Pictures of a split that are evaluated at most, drawn with a fixed seed; those of the unseen artist are evaluated whole. */
const PICTURES = 500;

const ARTIST = 'unseen-artist';
const CORE = `${ARTIST}, no tones, no flags`;

/** The splits that nothing is trained on. */
export const SPLITS: Readonly<Record<string, (emoji: EmojiDataset) => ExampleDataset>> = {
  val: emoji => some(emoji.val),
  [ARTIST]: emoji => emoji.unseenArtist,
  'unseen-composition': emoji => some(emoji.unseenComposition),
  'unseen-concept': emoji => some(emoji.unseenConcept),
};

/** All of these with their pictures. */
export function emojiSplits(emoji: EmojiDataset): (readonly [name: string, pictures: ExampleDataset])[] {
  return Object.entries(SPLITS).map(([name, pictures]) => [name, pictures(emoji)]);
}

/** The same, of the unseen artist only what is compared elsewhere: neither people with a skin tone nor flags. */
export function coreSplits(emoji: EmojiDataset): ReturnType<typeof emojiSplits> {
  return emojiSplits(emoji).map(([name, pictures]) =>
    name === ARTIST ? [CORE, core(emoji)] : [name, pictures],
  );
}

function core({ unseenArtist }: EmojiDataset): ExampleDataset {
  return subset(
    unseenArtist,
    unseenArtist.items.flatMap((item, index) => (isCore(item) ? [index] : [])),
  );
}

interface EmojiSetsOptions {
  /** One split alone. */
  readonly split?: string | undefined;
  /** Allows the test splits, which are all but `val`. */
  readonly test: boolean;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The embedded data set as sets of examples: `val`, and with `test` what is held out, too. Of the unseen artist only what is compared elsewhere is
 * evaluated: neither people with a skin tone nor flags.
 *
 * @throws ConfigError for a split that there is not, or for a test split without `test`
 */
export function emojiSets({ split, test, reporter, signal }: EmojiSetsOptions): EvaluationSet[] {
  const all = Object.keys(SPLITS);
  if (split !== undefined && !all.includes(split))
    throw new ConfigError(
      'CONFIG_INVALID',
      `emoji has no split "${split}" to evaluate on; there are ${all.join(', ')}${didYouMean(split, all)}`,
    );
  if (split !== undefined && isTestSplit(split) && !test)
    throw new ConfigError(
      'CONFIG_INVALID',
      `emoji: "${split}" is a test split, which is read only with --test: choose on "val", and look at this one when all is chosen`,
    );
  const chosen = split === undefined ? all.filter(name => test || !isTestSplit(name)) : [split];
  const drawn = new Map<string, Promise<EmojiDataset>>();
  return chosen.map(name => ({
    name: `emoji ${name === ARTIST ? CORE : name}`,
    evaluators: captionerEvaluators,
    async examples({ model: { imageSize }, run }) {
      const key = `${imageSize} ${JSON.stringify(run?.data.train)}`;
      const emoji = drawn.get(key) ?? prepareEmoji(run?.data.train, imageSize, reporter, signal);
      drawn.set(key, emoji);
      return name === ARTIST ? core(await emoji) : SPLITS[name]!(await emoji);
    },
  }));
}

function captionerEvaluators(run: RunConfig | undefined): Named[] {
  const furtherArtists = hasFurtherArtists(run?.data.train);
  return [
    ...['choice', 'shuffled-choice', 'caption'].map(kind => ({ kind })),
    { kind: 'nearest-pixels', train: { source: 'emoji', ...(furtherArtists && { furtherArtists }) } },
  ];
}

function some(dataset: ExampleDataset): ExampleDataset {
  const order = Random.fromSeed(0).fork('evaluation').permutation(dataset.length);
  return subset(dataset, order.subarray(0, PICTURES));
}
