import { DataError, type ExampleDataset } from '@simvlm/core';
import { subset, textDataset } from '@simvlm/data';
import { type FolderDataset, folderDataset, textLines } from '@simvlm/data/node';
import { type EmojiDataset, prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { decodeImage } from '@simvlm/image';
import type { RunData } from '../data';
import type { Reporter } from '../reporter';
import type { RunConfig } from '../run-config';
import { countOf, warnOfSkipped } from '../skipped';
import { checkPictures } from './check-pictures';

/** Letters of a text-only document at most; longer ones are cut at the ends of sentences. */
const DOCUMENT_CHARACTERS = 400;

/**
 * Reads the data that a configuration names, and names the pictures that cannot be used.
 *
 * @throws DataError also when no training picture, or no validation picture, can be used
 */
export async function loadRunData(
  { data }: RunConfig,
  imageSize: number,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<RunData> {
  if (data.train === 'emoji') return loadEmoji(data, imageSize, reporter, signal);
  const folder = await captionFolder(data.train);
  const { pictures, texts } = byKind(folder);
  const checked = { name: data.train, folder, indices: pictures };
  const { reasons } = await checkPictures(checked, reporter, signal);
  const val = data.val === undefined ? undefined : await validationPictures(data.val, reporter, signal);
  const documents = [
    ...texts.map(index => folder.lines[index]!.text),
    ...(await documentLines(data.documents)),
  ];
  return {
    train: subset(folder, pictures),
    ...(val && { val }),
    unreadable: reasons,
    documents: textDataset(documents, { maxCharacters: DOCUMENT_CHARACTERS }),
    captions: [...new Set(pictures.map(index => folder.lines[index]!.text))],
  };
}

async function validationPictures(
  name: string,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<ExampleDataset> {
  const folder = await captionFolder(name);
  const { pictures: indices } = byKind(folder);
  if (indices.length === 0)
    throw new DataError(
      'DATA_INVALID',
      `${name}/captions.jsonl names no image: there is nothing to validate on; leave out data.val`,
    );
  await checkPictures({ name, folder, indices }, reporter, signal);
  return subset(folder, indices);
}

async function loadEmoji(
  data: RunConfig['data'],
  size: number,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<RunData> {
  const emoji = await prepareEmoji(data, size, reporter, signal);
  return {
    train: emoji.train,
    weight: emoji.trainWeight,
    val: emoji.val,
    documents: emoji.documents,
    captions: emoji.captionTexts(),
    emoji,
  };
}

/** The emoji data set as a run trains on it, at this size, with a progress bar while it is drawn for the first time. */
export async function prepareEmoji(
  { furtherArtists = false }: RunConfig['data'],
  size: number,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<EmojiDataset> {
  const bar = reporter.bar('drawing emoji');
  try {
    const emoji = await prepareEmojiDataset({
      size,
      furtherArtists,
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

async function documentLines(file: string | undefined): Promise<string[]> {
  const lines: string[] = [];
  if (file !== undefined) for await (const { text } of textLines(file)) lines.push(text);
  return lines;
}
