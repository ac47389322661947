import { DataError } from '@simvlm/core';

/** The unit of a tar archive: a header, and what contents are filled up to. */
export const BLOCK = 512;

/** What a header block says. */
export interface TarHeader {
  readonly name: string;
  /** Bytes of the content. */
  readonly size: number;
  /** `0` for a regular file, `5` for a folder, `x` for PAX attributes of the next member, … */
  readonly type: string;
}

const utf8 = /* @__PURE__ */ new TextDecoder();

/** Whether a block is zeros alone, as at the end of an archive. */
export function isEndBlock(block: Uint8Array): boolean {
  return block.every(byte => byte === 0);
}

/**
 * Reads a header block of ustar, GNU and the oldest format.
 *
 * @param where file and place, for messages
 * @throws DataError when its checksum is wrong, or its size is none
 */
export function readHeader(block: Uint8Array, where: string): TarHeader {
  if (checksum(block) !== octal(block, 148, 8))
    throw new DataError(
      'DATA_INVALID',
      `${where}: the checksum of the tar header is wrong; fetch the file again`,
    );
  const type = String.fromCharCode(block[156]!);
  const size = number(block, 124, 12);
  if (size === undefined)
    throw new DataError('DATA_INVALID', `${where}: the tar header states no size; fetch the file again`);
  const name = text(block, 0, 100);
  // GNU keeps times where ustar has the beginning of a long path.
  const isUstar = text(block, 257, 6) === 'ustar' && block[262] === 0;
  const prefix = isUstar ? text(block, 345, 155) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    type: type === '\0' ? oldType(name) : type,
  };
}

/** A text that ends at a zero, as GNU writes long names. */
export function textUntilZero(bytes: Uint8Array): string {
  return text(bytes, 0, bytes.length);
}

/** The attributes of a PAX record: lines of `LENGTH KEY=VALUE`. @throws DataError for other lines */
export function readPax(bytes: Uint8Array, where: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(utf8.decode(bytes.subarray(at, Math.max(space, at))));
    const line = utf8.decode(bytes.subarray(space + 1, at + length - 1));
    const equals = line.indexOf('=');
    if (space < 0 || !Number.isSafeInteger(length) || at + length > bytes.length || length < 5 || equals < 1)
      throw new DataError('DATA_INVALID', `${where}: damaged PAX attributes; fetch the file again`);
    attributes.set(line.slice(0, equals), line.slice(equals + 1));
    at += length;
  }
  return attributes;
}

/** The oldest format marks folders by their name. */
function oldType(name: string): string {
  return name.endsWith('/') ? '5' : '0';
}

/** The sum of the bytes, with blanks where the sum itself stands. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!;
  return sum;
}

/** Octal digits, or base 256 where they do not suffice; undefined for anything else. */
function number(block: Uint8Array, begin: number, length: number): number | undefined {
  const first = block[begin]!;
  if (first !== 0x80) return first < 0x80 ? octal(block, begin, length) : undefined;
  let value = 0;
  for (let i = begin + 1; i < begin + length; i++) value = value * 256 + block[i]!;
  return Number.isSafeInteger(value) ? value : undefined;
}

function octal(block: Uint8Array, begin: number, length: number): number | undefined {
  const digits = text(block, begin, length).trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function text(block: Uint8Array, begin: number, length: number): string {
  const bytes = block.subarray(begin, begin + length);
  const end = bytes.indexOf(0);
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
