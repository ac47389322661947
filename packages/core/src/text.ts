import { DataError } from './errors';
import { joinedBytes } from './joined-bytes';
import { encodingOf, invalidUtf8Advice } from './text-encoding';

/** Makes the error that a reader throws, so that a configuration gives a ConfigError and a checkpoint a CheckpointError. */
export type MakeError = (message: string, options?: { cause?: unknown }) => Error;

export interface LineOptions {
  /** Longest line, in bytes; default `MAX_LINE_BYTES`. */
  readonly maxBytes?: number;
  /** Default: a DataError with the code DATA_INVALID. */
  readonly makeError?: MakeError;
}

/** Longest line of a text file: 16 MiB. */
export const MAX_LINE_BYTES = 16 * 2 ** 20;

const NEWLINE = 0x0a;
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The error of a reader that was not told which one to make. */
export const dataError: MakeError = (message, options) => new DataError('DATA_INVALID', message, options);

/**
 * The text of a whole file. A leading byte order mark (U+FEFF) is dropped.
 *
 * @param where how the message names the file
 * @throws DataError, or what `makeError` makes, for bytes that are not UTF-8; it names file and line
 */
export function decodeText(bytes: Uint8Array, where: string, makeError: MakeError = dataError): string {
  const body = withoutMark(bytes, where, makeError);
  return decodeBlock(body, where, 1, makeError);
}

/**
 * The lines of UTF-8 text whose bytes arrive in parts of any size. A line ends at "\n" alone: U+2028 and U+2029 are
 * characters like others, and a "\r" stays where it is. A leading byte order mark (U+FEFF) is dropped. At most one line and
 * one part are held in memory.
 */
export class LineDecoder {
  readonly #where: string;
  readonly #maxBytes: number;
  readonly #makeError: MakeError;
  /** Bytes after the last line that is complete. */
  #parts: Uint8Array[] = [];
  #held = 0;
  /** Number of the first line that is not yet returned. */
  #line = 1;
  #atStart = true;

  /** @param where how messages name the file */
  constructor(where: string, { maxBytes = MAX_LINE_BYTES, makeError = dataError }: LineOptions = {}) {
    this.#where = where;
    this.#maxBytes = maxBytes;
    this.#makeError = makeError;
  }

  /**
   * The lines that these bytes complete, without their "\n". The bytes must stay as they are until all their lines have been returned.
   *
   * @throws DataError, or what `makeError` makes, for a line that is too long or not UTF-8; it names file and line
   */
  write(bytes: Uint8Array): string[] {
    const end = bytes.lastIndexOf(NEWLINE);
    if (end < 0) {
      this.#hold(bytes);
      if (this.#held > this.#maxBytes) throw this.#tooLong(this.#line);
      return [];
    }
    this.#hold(bytes.subarray(0, end));
    const lines = this.#take();
    this.#hold(bytes.subarray(end + 1));
    return lines;
  }

  /** The last line, when it does not end with "\n". @throws as `write` */
  end(): string[] {
    return this.#held === 0 ? [] : this.#take();
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#held += bytes.length;
  }

  /** The held bytes as lines. */
  #take(): string[] {
    let block = joinedBytes(this.#parts);
    this.#parts = [];
    this.#held = 0;
    if (this.#atStart) block = withoutMark(block, this.#where, this.#makeError);
    this.#atStart = false;
    if (block.length > this.#maxBytes) this.#checkLengths(block);
    const lines = decodeBlock(block, this.#where, this.#line, this.#makeError).split('\n');
    this.#line += lines.length;
    return lines;
  }

  #checkLengths(block: Uint8Array): void {
    for (const [index, line] of byteLines(block).entries())
      if (line.length > this.#maxBytes) throw this.#tooLong(this.#line + index);
  }

  #tooLong(line: number): Error {
    return this.#makeError(
      `${this.#where}:${line}: the line is longer than ${bytesText(this.#maxBytes)}; split it into several lines`,
    );
  }
}

/**
 * The lines of UTF-8 text that is read in parts, as `LineDecoder` splits them: all lines that a part completes at once.
 *
 * @throws as `LineDecoder.write`
 */
export async function* decodeLines(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  where: string,
  options?: LineOptions,
): AsyncGenerator<string[]> {
  const decoder = new LineDecoder(where, options);
  for await (const part of parts) {
    const lines = decoder.write(part);
    if (lines.length > 0) yield lines;
  }
  const last = decoder.end();
  if (last.length > 0) yield last;
}

/** `false` for text with half of a surrogate pair, which UTF-8 cannot hold; JSON can, as in "\ud83d". */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function withoutMark(bytes: Uint8Array, where: string, makeError: MakeError): Uint8Array {
  const encoding = encodingOf(bytes);
  if (encoding === 'UTF-8') return bytes;
  if (encoding === 'UTF-8 with a mark') return bytes.subarray(3);
  throw makeError(
    `${where} is ${encoding}, not UTF-8; save it as UTF-8, or convert it with: iconv -f ${encoding} -t UTF-8 OLD > NEW`,
  );
}

function decodeBlock(block: Uint8Array, where: string, firstLine: number, makeError: MakeError): string {
  try {
    return utf8.decode(block);
  } catch (error) {
    const lines = byteLines(block);
    const bad = Math.max(
      lines.findIndex(line => !isUtf8(line)),
      0,
    );
    throw makeError(`${where}:${firstLine + bad}: not UTF-8; ${invalidUtf8Advice}`, { cause: error });
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function byteLines(block: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
    lines.push(block.subarray(start, end));
    start = end + 1;
  }
  lines.push(block.subarray(start));
  return lines;
}

function bytesText(count: number): string {
  return count % 2 ** 20 === 0 ? `${count / 2 ** 20} MiB` : `${count} bytes`;
}
