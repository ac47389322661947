import { DataError } from '@simvlm/core';
import { BLOCK, isEndBlock, readHeader, readPax, textUntilZero } from './tar-header';
import type { PlacedBytes } from './window';

/** A member of an archive. */
export interface TarMember {
  readonly name: string;
  readonly isFile: boolean;
  /** Where its headers begin: reading can begin here. */
  readonly at: number;
  /** Where its content begins. */
  readonly begin: number;
  /** Bytes of its content. */
  readonly size: number;
  /** Where the next member begins. */
  readonly end: number;
}

/** Attributes and long names, at most: more is an attack. */
const MOST_ATTRIBUTES = 2 ** 20;

/**
 * The members of a tar archive from a place on, headers alone: contents are passed over. An archive without its end blocks ends where its
 * bytes end, as webdataset has it.
 *
 * @param name for messages
 * @throws DataError that names file and byte for a wrong checksum, and for a header or attributes that are cut off. Whether a content is
 *   cut off is for `checkWhole`, as an archive may be a stream
 */
export async function* tarMembers(bytes: PlacedBytes, from: number, name: string): AsyncGenerator<TarMember> {
  let longName: string | undefined;
  let attributes: Map<string, string> | undefined;
  let first = from;
  for (let at = from; ; ) {
    const where = `${name}: byte ${at}`;
    const block = await bytes.read(at, BLOCK);
    if (block.length === 0) {
      if (at === first) return;
      throw cut(where, 'after the attributes of a member');
    }
    if (block.length < BLOCK) throw cut(where, 'in the middle of a header');
    if (isEndBlock(block)) return;
    const header = readHeader(block, where);
    const begin = at + BLOCK;
    if ('LKxg'.includes(header.type)) {
      const content = await attributeBytes(bytes, begin, header.size, where);
      // Attributes of the whole archive ("g") and names of links ("K") say nothing of a picture or a text.
      if (header.type === 'L') longName = textUntilZero(content);
      if (header.type === 'x') attributes = readPax(content, where);
      at = begin + padded(header.size);
      continue;
    }
    const size = attributes?.has('size') ? Number(attributes.get('size')) : header.size;
    const end = begin + padded(size);
    if (!Number.isSafeInteger(end) || size < 0)
      throw new DataError('DATA_INVALID', `${where}: a member of ${size} bytes; fetch the file again`);
    // Type 7 is a regular file, too; a sparse one of GNU ("S") has holes that we do not fill.
    const isFile = header.type === '0' || header.type === '7';
    yield { name: attributes?.get('path') ?? longName ?? header.name, isFile, at: first, begin, size, end };
    longName = attributes = undefined;
    first = at = end;
  }
}

/** The content of a member. @throws DataError when the archive ends before it does */
export async function contentOf(bytes: PlacedBytes, member: TarMember, name: string): Promise<Uint8Array> {
  const content = await bytes.read(member.begin, member.size);
  checkWhole(member, member.begin + content.length, name);
  return content;
}

/** @throws DataError when the archive, of `size` bytes, ends in the middle of the member's content */
export function checkWhole(member: TarMember, size: number, name: string): void {
  if (member.begin + member.size > size)
    throw cut(
      `${name}: byte ${member.at}`,
      `in "${member.name}", of which ${Math.max(size - member.begin, 0)} of ${member.size} bytes are there`,
    );
}

async function attributeBytes(
  bytes: PlacedBytes,
  begin: number,
  size: number,
  where: string,
): Promise<Uint8Array> {
  if (size > MOST_ATTRIBUTES)
    throw new DataError('DATA_INVALID', `${where}: attributes of ${size} bytes; fetch the file again`);
  const content = await bytes.read(begin, size);
  if (content.length < size) throw cut(where, 'in the attributes of a member');
  return content;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function cut(where: string, how: string): DataError {
  return new DataError('DATA_INVALID', `${where}: the archive ends ${how}; fetch it again`);
}
