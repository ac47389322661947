import { decodeText, isSimVlmError, isWellFormed, parseJsonObject } from '@simvlm/core';
import type { StudioFailure } from '../../engine/engine';

/** Bytes of a `captions.jsonl`: far more captions than a page can teach. */
const MAX_BYTES = 16 * 2 ** 20;

/** One line of `captions.jsonl` that has a picture, as `@simvlm/data` reads it. */
export interface CaptionLine {
  readonly image: string;
  readonly text: string;
}

/**
 * The lines of a `captions.jsonl` that have a picture.
 *
 * @param path how messages name the file
 * @throws StudioFailure for a file that is too large or not UTF-8, and for the first bad line
 */
export async function readCaptions(file: Blob, path: string): Promise<CaptionLine[]> {
  if (file.size > MAX_BYTES)
    throw unusable(
      `${path} is too large for a page`,
      'Split the folder into smaller ones, or train with the command line: simvlm train.',
      `${file.size} bytes; the limit is ${MAX_BYTES}`,
    );
  return parseCaptions(textOf(new Uint8Array(await file.arrayBuffer()), path));
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return decodeText(bytes, path);
  } catch (error) {
    if (!isSimVlmError(error)) throw error;
    throw unusable(`${path} is not UTF-8`, 'Save it as UTF-8, then add the folder again.', error.message);
  }
}

/** The lines of a `captions.jsonl` that have a picture; throws a `StudioFailure` that names the first bad line. */
export function parseCaptions(jsonl: string): CaptionLine[] {
  const lines: CaptionLine[] = [];
  for (const [i, line] of jsonl.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { image, text } = parseLine(line, i + 1);
    if (typeof text !== 'string' || text.trim() === '') throw badLine(i + 1, 'it has no "text"');
    if (!isWellFormed(text)) throw badLine(i + 1, '"text" holds half of a surrogate pair');
    if (image === undefined) continue;
    if (typeof image !== 'string') throw badLine(i + 1, '"image" is not a path');
    lines.push({ image, text });
  }
  return lines;
}

function parseLine(line: string, number: number): { image?: unknown; text?: unknown } {
  try {
    return parseJsonObject(line, 'the line');
  } catch {
    throw badLine(number, 'it is not a JSON object');
  }
}

function badLine(number: number, why: string): StudioFailure {
  return unusable(
    `Line ${number} of captions.jsonl cannot be used`,
    'Each line is one object such as {"image": "fox.jpg", "text": "a fox in the snow"}.',
    `captions.jsonl:${number}: ${why}`,
  );
}

function unusable(title: string, advice: string, detail: string): StudioFailure {
  return { code: 'LESSONS_UNUSABLE', title, advice, detail };
}
