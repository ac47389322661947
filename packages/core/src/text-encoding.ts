/** How many bytes of a text are looked at to tell its encoding. */
const HEAD = 512;

export type Encoding = 'UTF-8' | 'UTF-8 with a mark' | 'UTF-16' | 'UTF-16LE' | 'UTF-16BE' | 'UTF-32';

/** What to do about bytes that are not UTF-8, where nothing says which encoding they are in. */
export const invalidUtf8Advice =
  'save the file as UTF-8, or convert it, from Windows-1252 for example with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW';

/**
 * The encoding that the first bytes of a text give away: by a byte order mark, or by the NUL in every other byte of Latin
 * letters in UTF-16. Everything else is taken for UTF-8.
 */
export function encodingOf(bytes: Uint8Array): Encoding {
  const starts = (...mark: number[]) => mark.every((byte, i) => bytes[i] === byte);
  if (starts(0xef, 0xbb, 0xbf)) return 'UTF-8 with a mark';
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff)) return 'UTF-32';
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) return 'UTF-16';
  const head = bytes.subarray(0, HEAD);
  const nuls = [0, 0];
  for (let i = 0; i < head.length; i++) if (head[i] === 0) nuls[i % 2]!++;
  // Accented letters still have their NUL; other scripts between them do not, so half is enough.
  const enough = Math.max(head.length / 4, 2);
  if (nuls[0] === 0 && nuls[1]! >= enough) return 'UTF-16LE';
  if (nuls[1] === 0 && nuls[0]! >= enough) return 'UTF-16BE';
  return 'UTF-8';
}
