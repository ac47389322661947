import { checkOptions, type ExampleDataset, type ProcessGroup, rule } from '@simvlm/core';
import { datasetSource } from '@simvlm/data';
import { fileAt, folderAt, placeAt, textLines } from '@simvlm/data/node';
import { type EmojiDataset, type EmojiDatasetOptions, prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { isEmoji } from '../config/resolve';
import type { RunConfig } from '../config/schema';
import type { RegisteredSource, SourceConfig } from '../config/sources';
import type { RunData } from '../data';
import { imageSizeOf } from '../model';
import type { LoadDataOptions } from '../open-run';
import type { Reporter } from '../reporter';
import { countOf, warnOfSkipped } from '../skipped';
import { sourceOf } from '../sources/documents';
import { loadSources } from '../sources/load';
import { optionsOf, used } from '../sources/open-source';
import type { Places } from '../sources/places';

/** On the disk, by paths relative to the working directory, and on the web. */
export const nodePlaces: Places = {
  place: placeAt,
  file: fileAt,
  folder: folderAt,
  async *lines(name) {
    for await (const { text } of textLines(name)) yield text;
  },
};

export interface LoadRunDataOptions extends LoadDataOptions {
  /** All of them load the same, side by side, but for emoji. */
  readonly processes?: Pick<ProcessGroup, 'rank' | 'barrier'> | undefined;
}

/** Reads the data that a configuration names. @throws as `loadSources` does */
export async function loadRunData(
  config: RunConfig,
  { processes, ...options }: LoadRunDataOptions,
): Promise<RunData> {
  const { reporter, signal } = options;
  const { train } = config.data;
  // Emoji are drawn once and kept on the disk: the first process draws them, the others find them there.
  const emoji = async (source: SourceConfig) => {
    if (processes && processes.rank > 0) await processes.barrier();
    const drawn = await prepareEmoji(source, imageSizeOf(config), reporter, signal);
    if (processes?.rank === 0) await processes.barrier();
    return drawn;
  };
  if (isEmoji(train)) return emojiData(train as SourceConfig, await emoji(train as SourceConfig));
  return loadSources(config, { ...options, places: nodePlaces, emoji });
}

function emojiData(source: SourceConfig, emoji: EmojiDataset): RunData {
  const { documents, trainWeight } = emoji;
  const sideOf = (pictures: ExampleDataset) => {
    const { content, use } = used(source, { name: 'emoji', content: pictures });
    return { pictures: content as ExampleDataset, use };
  };
  const { pictures: train, use } = sideOf(emoji.train);
  return {
    train: [
      {
        source: datasetSource(train, { name: 'emoji', weight: trainWeight }),
        ...{ examples: train, length: train.length, isDecoded: true, use },
      },
    ],
    ...{ val: sideOf(emoji.val).pictures, documents: [sourceOf(documents)], texts: documents },
    ...{ captions: emoji.captionTexts(), emoji },
  };
}

/**
 * The emoji data set as a run trains on it, at this size, with a progress bar while it is drawn for the first time.
 *
 * @param source the run's; of another one than `emoji` nothing is taken
 */
export async function prepareEmoji(
  source: RunConfig['data']['train'] | undefined,
  size: number,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<EmojiDataset> {
  const bar = reporter.bar('drawing emoji');
  try {
    const emoji = await prepareEmojiDataset({
      size,
      ...emojiOptions(source),
      onProgress: ({ done, total }) => bar.update(done, total),
      ...(signal && { signal }),
    });
    for (const warning of emoji.warnings) reporter.warn(warning);
    warnOfSkipped(reporter, `${countOf(emoji.skipped.count, 'picture')} could not be drawn:`, emoji.skipped);
    return emoji;
  } finally {
    bar.stop();
  }
}

/** What `{ "source": "emoji", "furtherArtists": true, "share": 0.1 }` asks for. @throws ConfigError for another option */
function emojiOptions(
  source: RunConfig['data']['train'] | undefined,
): Pick<EmojiDatasetOptions, 'furtherArtists' | 'share'> {
  if (source === undefined || typeof source === 'string' || !isEmoji(source)) return {};
  const options = optionsOf(source as RegisteredSource);
  checkOptions('data.train', options, { furtherArtists: rule.boolean, share: rule.share });
  return options;
}

/** Whether pictures by further artists are trained on. */
export function hasFurtherArtists(source: RunConfig['data']['train'] | undefined): boolean {
  return emojiOptions(source).furtherArtists === true;
}
