import { checkOptions, rule } from '@simvlm/core';
import { subset } from '@simvlm/data';
import { type FolderDataset, folderDataset, textLines } from '@simvlm/data/node';
import { type EmojiDataset, prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { decodeImage } from '@simvlm/image';
import { isEmoji } from '../config/resolve';
import type { RunConfig } from '../config/schema';
import type { RunData } from '../data';
import type { LoadDataOptions } from '../open-run';
import type { Reporter } from '../reporter';
import { countOf, warnOfSkipped } from '../skipped';
import { loadSources, type OpenedSource, type Source } from '../sources';
import { checkPictures } from './check-pictures';

/** Reads the data that a configuration names. @throws as `loadSources` does */
export async function loadRunData(config: RunConfig, options: LoadDataOptions): Promise<RunData> {
  const { imageSize, reporter, signal } = options;
  const { train } = config.data;
  if (isEmoji(train)) return loadEmoji(train, imageSize, reporter, signal);
  return loadSources(config, {
    ...options,
    openFolder: name => openFolder(name, reporter, signal),
    readDocuments: documentLines,
  });
}

async function openFolder(name: string, reporter: Reporter, signal?: AbortSignal): Promise<OpenedSource> {
  const folder = await captionFolder(name);
  const { pictures: indices, texts } = byKind(folder);
  const { reasons } = await checkPictures({ name, folder, indices }, reporter, signal);
  const textOf = (index: number) => folder.lines[index]!.text;
  return {
    pictures: subset(folder, indices),
    captions: indices.map(textOf),
    keys: indices.map(index => folder.lines[index]!.image!),
    texts: texts.map(textOf),
    unreadable: reasons,
  };
}

async function loadEmoji(
  source: Source,
  size: number,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<RunData> {
  const emoji = await prepareEmoji(source, size, reporter, signal);
  return {
    train: emoji.train,
    weight: emoji.trainWeight,
    val: emoji.val,
    documents: emoji.documents,
    captions: emoji.captionTexts(),
    emoji,
  };
}

/**
 * The emoji data set as a run trains on it, at this size, with a progress bar while it is drawn for the first time.
 *
 * @param source the run's; of another one than `emoji` nothing is taken
 */
export async function prepareEmoji(
  source: Source,
  size: number,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<EmojiDataset> {
  const bar = reporter.bar('drawing emoji');
  try {
    const emoji = await prepareEmojiDataset({
      size,
      furtherArtists: hasFurtherArtists(source),
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

/** `{ "source": "emoji", "furtherArtists": true }` */
function hasFurtherArtists(source: Source): boolean {
  if (typeof source === 'string' || !isEmoji(source)) return false;
  const { source: _, ...options } = source;
  checkOptions('data.train', options, { furtherArtists: rule.boolean });
  return options.furtherArtists === true;
}

/** A folder with `captions.jsonl`, its pictures decoded when they are asked for. */
export function captionFolder(folder: string): Promise<FolderDataset> {
  return folderDataset(folder, { decode: bytes => decodeImage(bytes) });
}

/** Indices of the lines with a picture, and of those without. */
export function byKind({ lines }: FolderDataset): { pictures: number[]; texts: number[] } {
  const indices = [...lines.keys()];
  return {
    pictures: indices.filter(index => lines[index]!.image !== undefined),
    texts: indices.filter(index => lines[index]!.image === undefined),
  };
}

async function documentLines(file: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { text } of textLines(file)) lines.push(text);
  return lines;
}
