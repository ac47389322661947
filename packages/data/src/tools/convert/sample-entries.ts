import { ImageError, type Sample } from '@simvlm/core';
import { readImageHeader } from '@simvlm/image';
import { KEY_FIELD, PICTURES, splitName } from '../../readers/webdataset-sample';
import type { TarEntry } from './tar-writer';

/** Names that our reader takes for a part of a sample. */
const PARTS = new Set(
  'text texts caption captions TEXT question answers answer label split source target'
    .split(' ')
    .concat(KEY_FIELD),
);
const TEXT_PARTS = new Set(['text', 'caption', 'TEXT']);

/** The bytes of a picture, and its format as the ending of a file. */
export interface StoredPicture {
  readonly content: Uint8Array;
  readonly ending: string;
}

/** A picture by its header. @throws ImageError for what is none, and for a format that shards do not hold */
export function storedPicture(content: Uint8Array): StoredPicture {
  const ending = readImageHeader(content).type;
  if (PICTURES.has(ending)) return { content, ending };
  throw new ImageError(
    'IMAGE_UNREADABLE',
    `a ${ending} picture cannot be stored; use ${[...PICTURES].join(', ')}`,
  );
}

/**
 * The files of a sample in a WebDataset shard, so that `webDatasetSource` makes the same sample of them: pictures by their content (`jpg`, `png`, `webp`,
 * …; of several `0.jpg`, `1.jpg`), `txt` the caption, `cls` a label that is a whole number, and `json` everything else: all captions in `texts`, the
 * question, the answers, the split, the fields of the source.
 *
 * Where the key cannot be the files' name, see `entryName`, it stands in `json` as `__key__`. A field that is named like a part gets a `_` behind
 * its name.
 *
 * @param name the files' name without extension
 */
export function sampleEntries(sample: Sample, name: string, pictures: readonly StoredPicture[]): TarEntry[] {
  const { key, images: _, text, texts, label, fields = {}, ...parts } = sample;
  const isClass = typeof label === 'number' && Number.isSafeInteger(label) && Math.abs(label) < 1e15;
  const record: Record<string, unknown> = {
    ...(name !== key && { [KEY_FIELD]: key }),
    ...(texts && { texts }),
    ...parts,
    ...(label !== undefined && !isClass && { label }),
  };
  for (const [field, value] of Object.entries(fields)) {
    const isPart = PARTS.has(field) && !(TEXT_PARTS.has(field) && text !== undefined);
    Object.defineProperty(record, isPart ? `${field}_` : field, { value, enumerable: true });
  }
  const entries = pictures.map(({ content, ending }, i) => ({
    name: `${name}.${pictures.length > 1 ? `${i}.` : ''}${ending}`,
    content,
  }));
  const written: [extension: string, content: string | undefined][] = [
    ['cls', isClass ? String(label) : undefined],
    ['json', Object.keys(record).length > 0 ? JSON.stringify(record) : undefined],
    ['txt', text],
  ];
  for (const [extension, content] of written)
    if (content !== undefined)
      entries.push({ name: `${name}.${extension}`, content: new TextEncoder().encode(content) });
  return entries;
}

/** The longest name of an entry, in bytes: file systems allow 255. */
const MOST_BYTES = 200;

/**
 * The name of a sample's files: its key where that is a path which the readers of WebDataset split as it is (no dot in its last part, not in a top
 * folder `__…`, no part `..`, no control characters, up to 200 bytes) and not that of the sample before it, with which it would become one; else
 * `sample-` and its number.
 */
export function entryName(key: string, index: number, previous: string | undefined): string {
  const isPath = key.split('/').every(part => part !== '' && part !== '.' && part !== '..');
  const fits = new TextEncoder().encode(key).length <= MOST_BYTES && !/[\p{Cc}\\:]/u.test(key);
  const isSplit = !key.startsWith('__') && splitName(`${key}.jpg`)?.key === key;
  return isPath && fits && isSplit && key !== previous ? key : `sample-${String(index).padStart(9, '0')}`;
}
