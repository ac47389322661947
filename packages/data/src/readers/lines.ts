import type { ByteSource } from '@simvlm/bytes';
import { DataError, decodeText, type JsonValue, MAX_LINE_BYTES } from '@simvlm/core';
import { damagedPlace, isCount } from './part';
import { Window } from './window';

/** A line of a text file, and the place behind it. */
export interface PlacedLine {
  /** Without its "\n". */
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Where the next line begins. */
  readonly after: LinePlace;
}

/** A place between two lines. */
export interface LinePlace {
  readonly byte: number;
  /** Lines before it. */
  readonly line: number;
}

const NEWLINE = 0x0a;
const PART = 256 * 2 ** 10;

/**
 * The lines of UTF-8 text from a place on. A line ends at "\n" alone, and has 16 MiB at most; a byte order mark is dropped.
 *
 * @param name for messages
 * @throws DataError that names file and line of what is not UTF-8, or too long
 */
export async function* placedLines(
  source: ByteSource,
  from: LinePlace,
  name: string,
): AsyncGenerator<PlacedLine> {
  const window = new Window(source);
  for (let { byte, line } = from; byte < source.size; ) {
    const end = await lineEnd(window, source.size, byte, `${name}:${line + 1}`);
    const bytes = await window.read(byte, end - byte);
    const text = decodeText(bytes, `${name}:${line + 1}`, badLine);
    line++;
    byte = end + 1;
    yield { text, number: line, after: { byte, line } };
  }
}

/** The place that a saved state has. @throws DataError for anything else */
export function linePlaceOf(from: JsonValue | undefined): LinePlace {
  if (from === undefined) return { byte: 0, line: 0 };
  const { byte, line } = (from ?? {}) as Record<string, unknown>;
  if (!isCount(byte) || !isCount(line)) throw damagedPlace();
  return { byte, line };
}

/** A place as JSON. */
export function savedPlace({ byte, line }: LinePlace): JsonValue {
  return { byte, line };
}

/** The place of the "\n" that ends a line, or the end of the file. */
async function lineEnd(window: Window, size: number, begin: number, where: string): Promise<number> {
  // What is held is looked at first: lines are short, and many are held.
  for (let bytes = await window.held(begin), length = PART; ; length *= 2) {
    const end = bytes.indexOf(NEWLINE);
    if (end >= 0) return begin + end;
    if (begin + bytes.length >= size) return size;
    if (bytes.length > MAX_LINE_BYTES)
      throw new DataError(
        'DATA_INVALID',
        `${where}: the line is longer than 16 MiB; split it into several lines`,
      );
    bytes = await window.read(begin, Math.min(length, MAX_LINE_BYTES + 1));
  }
}

/** `decodeText` counts lines of its own, and there is only one. */
function badLine(message: string, options?: { cause?: unknown }): DataError {
  return new DataError('DATA_INVALID', message.replace(/(:\d+):1:/, '$1:'), options);
}
