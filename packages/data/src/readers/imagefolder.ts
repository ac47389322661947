import { DataError, hashText, type Sample, type SampleSource } from '@simvlm/core';
import { partsSource } from '../order/parts-source';
import type { ColumnMap } from './columns';
import { csvPart } from './csv';
import { type Folder, folderIn, imageIn, listed } from './folder';
import { jsonlPart } from './jsonl';
import { listPart, type Part } from './part';
import type { PartsOptions } from './parts-reader';
import { chosenSplits } from './splits';
import { withoutExtension } from './table';

export interface ImageFolderOptions extends PartsOptions {
  /** Names of one's own for columns of the metadata. */
  readonly map?: ColumnMap;
}

const PICTURE = /\.(jpe?g|png|webp|gif|bmp|avif|tiff?)$/i;

/** Folders that are splits when all pictures lie in such, in the order in which they are read. */
const SPLITS = ['train', 'validation', 'valid', 'val', 'dev', 'test'];

/**
 * A folder as the `imagefolder` of Hugging Face's `datasets` has it: with `metadata.jsonl` or `metadata.csv`, whose column `file_name` is a path
 * relative to it, in the order of its rows; or without, where the folder of a picture is its label, sorted by path. Where all pictures lie
 * in folders such as `train` and `test`, these are splits, each with metadata or labels of its own.
 *
 * @throws DataError when the folder cannot be listed, or has no picture; ConfigError for a split that is not there
 */
export async function imageFolderSource(
  folder: Folder,
  options: ImageFolderOptions = {},
): Promise<SampleSource> {
  const names = await listed(folder);
  const splits = splitsOf(names);
  const chosen = chosenSplits(folder.name, splits, options.split);
  const parts = chosen.map(split => {
    const below = names
      .filter(name => name.startsWith(`${split}/`))
      .map(name => name.slice(split.length + 1));
    return { ...partOf(folderIn(folder, split), below, options), split, prefix: `${split}/` };
  });
  return partsSource('imagefolder', splits.length === 0 ? [partOf(folder, names, options)] : parts, options);
}

function splitsOf(names: readonly string[]): string[] {
  const pictures = names.filter(name => PICTURE.test(name));
  const tops = new Set(pictures.map(name => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '')));
  return [...tops].every(top => SPLITS.includes(top)) ? SPLITS.filter(split => tops.has(split)) : [];
}

function partOf(folder: Folder, names: readonly string[], { map = {} }: ImageFolderOptions): Part {
  const table = { format: 'imagefolder', images: folder, map } as const;
  if (names.includes('metadata.jsonl')) return jsonlPart(folder.file('metadata.jsonl'), table);
  if (names.includes('metadata.csv')) return csvPart(folder.file('metadata.csv'), table);
  const pictures = names.filter(name => PICTURE.test(name));
  if (pictures.length === 0) throw new DataError('DATA_NOT_FOUND', `${folder.name} holds no pictures`);
  return listPart({ name: folder.name, version: async () => hashText(pictures.join('\n')) }, async () =>
    pictures.map(path => () => ({ sample: labelled(folder, path) })),
  );
}

/** A picture whose folder is its label, if it lies in one. */
function labelled(folder: Folder, path: string): Sample {
  const label = path.split('/').at(-2);
  return {
    key: withoutExtension(path),
    images: [imageIn(folder, path)],
    ...(label !== undefined && { label }),
  };
}
