import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import {
  DataError,
  didYouMean,
  type Example,
  type ExampleDataset,
  ImageError,
  isWellFormed,
  type JsonValue,
  parseJsonObject,
  type RgbImage,
  type SkipReport,
  skipReport,
} from '@simvlm/core';
import { readRegularFile, textLines } from './files';
import { Ids } from './ids';

export interface FolderOptions {
  /** Decodes a file's bytes; `decodeImage` of `@simvlm/image` is one. */
  readonly decode: (bytes: Uint8Array) => Promise<RgbImage>;
  /** `true` (default): the first bad line is an error; `false`: bad lines are left out, counted and reported. */
  readonly strict?: boolean;
}

/** A line of `captions.jsonl`. */
export interface CaptionLine {
  readonly id: string;
  readonly text: string;
  /** Path below the folder; none for a text-only document. */
  readonly image?: string;
  /** Its other keys. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
}

export interface FolderDataset extends ExampleDataset {
  readonly lines: readonly CaptionLine[];
  /** Lines that were left out because `strict` is false. */
  readonly skipped: SkipReport;
}

const FILE = 'captions.jsonl';

/**
 * A folder with `captions.jsonl`: one JSON object a line, `{"image": "a.png", "text": "…", "id": "…"}`. Images are read and
 * decoded by `get`, which throws `ImageError` for one that cannot be. Other keys, such as `label`, are the `fields` of an example: a task
 * reads them, and says which it needs.
 *
 * `id` defaults to the image's path below the folder without its extension, `cats/1` for `cats/1.png`; further lines with the
 * same image get `cats/1#2`, `cats/1#3`. A line without an image gets `line-` and its number. No two lines share an id.
 *
 * @throws DataError that names file and line; where two lines have the same id, both
 */
export async function folderDataset(
  folder: string,
  { decode, strict = true }: FolderOptions,
): Promise<FolderDataset> {
  const lines: CaptionLine[] = [];
  const reasons: string[] = [];
  const file = join(folder, FILE);
  const root = resolve(folder);
  const ids = new Ids(file);
  for await (const { text, number } of textLines(file)) {
    try {
      const { id, ...line } = parseLine(text, root, `${file}:${number}`);
      lines.push({ id: ids.take(id, line.image, number), ...line });
    } catch (error) {
      if (strict || !(error instanceof DataError)) throw error;
      reasons.push(error.message);
    }
  }
  if (lines.length === 0)
    throw new DataError(
      'DATA_INVALID',
      `${file} holds no usable line${reasons[0] ? `; the first problem: ${reasons[0]}` : ''}`,
    );
  return {
    length: lines.length,
    lines,
    skipped: skipReport(reasons),
    outline(index) {
      const { image: _, ...rest } = lineAt(lines, index);
      return rest;
    },
    get: async index => readExample(folder, lineAt(lines, index), decode),
  };
}

function lineAt(lines: readonly CaptionLine[], index: number): CaptionLine {
  const line = lines[index];
  if (!line) throw new DataError('DATA_NOT_FOUND', `no example ${index}; there are ${lines.length}`);
  return line;
}

async function readExample(
  folder: string,
  line: CaptionLine,
  decode: FolderOptions['decode'],
): Promise<Example> {
  const { image: _, ...rest } = line;
  if (line.image === undefined) return rest;
  const path = join(folder, line.image);
  const bytes = await readRegularFile(
    path,
    (message, options) => new ImageError('IMAGE_UNREADABLE', message, { ...options, file: path }),
  );
  try {
    return { ...rest, image: await decode(bytes) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.code, `${path}: ${error.message}`, { cause: error, file: path });
  }
}

/** A line as it is written: without an id where it has none. The path of its image is that below the folder, with "/". */
function parseLine(
  line: string,
  root: string,
  where: string,
): Omit<CaptionLine, 'id'> & { readonly id?: string } {
  const { image, text, id, ...fields } = parseJsonObject(line, where);
  // Other keys are fields; but a slip in one of ours must not pass for one.
  for (const key of Object.keys(fields)) {
    const meant = didYouMean(key, ['image', 'text', 'id']);
    if (meant !== '') throw new DataError('DATA_INVALID', `${where}: unknown key "${key}"${meant}`);
  }
  if (typeof text !== 'string') throw new DataError('DATA_INVALID', `${where}: "text" must be a string`);
  if (text.trim() === '') throw new DataError('CAPTION_EMPTY', `${where}: the caption is empty`);
  if (!isWellFormed(text))
    throw new DataError(
      'DATA_INVALID',
      `${where}: "text" holds half of a surrogate pair, such as \\ud83d alone`,
    );
  if (id !== undefined && typeof id !== 'string')
    throw new DataError('DATA_INVALID', `${where}: "id" must be a string`);
  const hasFields = Object.keys(fields).length > 0;
  const common = { text, ...(id !== undefined && { id }), ...(hasFields && { fields }) };
  if (image === undefined) return common;
  const below = typeof image === 'string' ? relative(root, resolve(root, image)) : '';
  if (typeof image !== 'string' || below === '')
    throw new DataError('DATA_INVALID', `${where}: "image" must be a path below the folder`);
  if (isAbsolute(image) || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below))
    throw new DataError('DATA_INVALID', `${where}: "${image}" lies outside the folder`);
  return { ...common, image: below.split(sep).join('/') };
}
