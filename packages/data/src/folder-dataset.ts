import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { createInterface } from 'node:readline';
import {
  DataError,
  type Example,
  type ExampleDataset,
  ImageError,
  type RgbImage,
  type SkipReport,
} from '@simvlm/core';

export interface FolderOptions {
  /** Decodes a file's bytes; `decodeImage` of `@simvlm/vision-patcher` is one. */
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
}

export interface FolderDataset extends ExampleDataset {
  readonly lines: readonly CaptionLine[];
  /** Lines that were left out because `strict` is false. */
  readonly skipped: SkipReport;
}

const FILE = 'captions.jsonl';

/**
 * A folder with `captions.jsonl`: one JSON object a line, `{"image": "a.png", "text": "…", "id": "…"}`; `id` defaults to the
 * image's name without extension. Images are read and decoded by `get`, which throws `ImageError` for one that cannot be.
 *
 * @throws DataError that names file and line
 */
export async function folderDataset(
  folder: string,
  { decode, strict = true }: FolderOptions,
): Promise<FolderDataset> {
  const lines: CaptionLine[] = [];
  const reasons: string[] = [];
  let number = 0;
  const file = join(folder, FILE);
  const input = createReadStream(file, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (line.trim() === '') continue;
      try {
        lines.push(parseLine(line, folder, `${file}:${number}`, number));
      } catch (error) {
        if (strict || !(error instanceof DataError)) throw error;
        reasons.push(error.message);
      }
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      'DATA_NOT_FOUND',
      `cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`,
      { cause: error },
    );
  } finally {
    input.destroy();
  }
  if (lines.length === 0)
    throw new DataError(
      'DATA_INVALID',
      `${file} holds no usable line${reasons[0] ? `; the first problem: ${reasons[0]}` : ''}`,
    );
  return {
    length: lines.length,
    lines,
    skipped: { count: reasons.length, reasons: reasons.slice(0, 20) },
    get: index => readExample(folder, lines[index], index, lines.length, decode),
  };
}

async function readExample(
  folder: string,
  line: CaptionLine | undefined,
  index: number,
  length: number,
  decode: FolderOptions['decode'],
): Promise<Example> {
  if (!line) throw new DataError('DATA_NOT_FOUND', `no example ${index}; there are ${length}`);
  if (line.image === undefined) return { id: line.id, text: line.text };
  const path = join(folder, line.image);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ImageError(
      'IMAGE_UNREADABLE',
      `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`,
      { cause: error },
    );
  }
  try {
    return { id: line.id, text: line.text, image: await decode(bytes) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

function parseLine(line: string, folder: string, where: string, number: number): CaptionLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new DataError('DATA_INVALID', `${where}: not JSON (${(error as Error).message})`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DataError('DATA_INVALID', `${where}: a line must be a JSON object`);
  const { image, text, id, ...unknown } = value as Record<string, unknown>;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined)
    throw new DataError('DATA_INVALID', `${where}: unknown key "${extra}"; allowed: image, text, id`);
  if (typeof text !== 'string') throw new DataError('DATA_INVALID', `${where}: "text" must be a string`);
  if (text.trim() === '') throw new DataError('CAPTION_EMPTY', `${where}: the caption is empty`);
  if (id !== undefined && typeof id !== 'string')
    throw new DataError('DATA_INVALID', `${where}: "id" must be a string`);
  if (image === undefined) return { id: id ?? `${number}`, text };
  if (typeof image !== 'string' || image === '')
    throw new DataError('DATA_INVALID', `${where}: "image" must be a path below the folder`);
  const below = relative(resolve(folder), resolve(folder, image));
  if (isAbsolute(image) || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below))
    throw new DataError('DATA_INVALID', `${where}: "${image}" lies outside the folder`);
  return { id: id ?? basename(image, extname(image)), text, image };
}
