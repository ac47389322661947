import { BLOCK } from '../../readers/tar-header';

/** A file in an archive. */
export interface TarEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

/** What ends an archive. */
export const TAR_END = /* @__PURE__ */ new Uint8Array(2 * BLOCK);

/** ustar's field of a name; a longer one, or one that is not ASCII, stands in PAX attributes. */
const NAME_BYTES = 100;

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Entries of a tar archive as bytes (POSIX ustar, with PAX attributes where a name needs them). They depend on names and contents alone: time, user and
 * group are 0, the mode is 644.
 *
 * @param entries each with less than 8 GiB
 */
export function tarBytes(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, content }) => {
    const bytes = encoder.encode(name);
    if (bytes.length <= NAME_BYTES && bytes.length === name.length)
      return [header(bytes, content.length, '0'), content];
    const attributes = paxAttribute('path', name);
    // Old programs read the cut name: it still has its extension.
    return [
      header(encoder.encode('PaxHeader'), attributes.length, 'x'),
      attributes,
      header(bytes.subarray(-NAME_BYTES), content.length, '0'),
      content,
    ];
  });
  const total = blocks.reduce((sum, { length }) => sum + padded(length), 0);
  const archive = new Uint8Array(total);
  let at = 0;
  for (const block of blocks) {
    archive.set(block, at);
    at += padded(block.length);
  }
  return archive;
}

function header(name: Uint8Array, size: number, type: '0' | 'x'): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.set(encoder.encode(value.toString(8).padStart(length - 1, '0')), at);
  block.set(name);
  octal(0o644, 100, 8);
  for (const [at, length] of [
    [108, 8],
    [116, 8],
    [136, 12],
  ] as const)
    octal(0, at, length);
  octal(size, 124, 12);
  block.fill(0x20, 148, 156);
  block[156] = type.charCodeAt(0);
  block.set(encoder.encode('ustar\0' + '00'), 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  octal(sum, 148, 7);
  return block;
}

/** `LENGTH KEY=VALUE` and a line's end; the length counts its own digits. */
function paxAttribute(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + 1;
  while (rest + String(length).length !== length) length = rest + String(length).length;
  return encoder.encode(`${length} ${key}=${value}\n`);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
