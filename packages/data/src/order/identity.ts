import { hashIntegers, hashText } from '@simvlm/core';
import { baseName } from '../readers/folder';
import type { Part } from '../readers/part';

/** Parts whose ends are read, at most. */
const LOOKED_INTO = 8;
/** Files that are opened at a time. */
const AT_ONCE = 16;

/**
 * A text that tells parts from others: by the names and sizes of all of them, and the first and last bytes of 8, evenly spread, the first and the
 * last among them.
 */
export async function identityOf(
  format: string,
  parts: readonly Part[],
  split: string | undefined,
): Promise<string> {
  const looked = parts.length <= LOOKED_INTO ? parts : spread(parts, LOOKED_INTO);
  const sizes = await inGroups(parts, part => part.size?.() ?? part.version());
  const versions = await inGroups(looked, part => part.version());
  const names = parts.map(({ name, prefix = '' }, i) => `${prefix}${baseName(name)} ${sizes[i]}`);
  const hash = hashText([split ?? '', ...names].join('\n'));
  return [format, parts.length, hexadecimal(hash), hexadecimal(hashIntegers(versions))].join(':');
}

/** What a function gives for each of many, a few at a time, in their order. */
export async function inGroups<T, R>(items: readonly T[], of: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE)
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(of))));
  return results;
}

function spread<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * (items.length - 1)) / (count - 1))]!);
}

/** An int32 as eight hexadecimal digits. */
export function hexadecimal(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}
