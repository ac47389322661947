/** A picture format as people call it. */
export type PictureFormat = 'AVIF' | 'BMP' | 'GIF' | 'HEIC' | 'JPEG' | 'PNG' | 'SVG' | 'TIFF' | 'WebP';

/** Bytes in which an SVG must show itself: comments and a document type may come first. */
const SVG_START = 4096;

/** What the first bytes of a file say it is; undefined where they say nothing that is known here. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'PNG';
  if (text(0, 2) === '\xff\xd8') return 'JPEG';
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return 'GIF';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'WebP';
  if (text(0, 4) === 'II*\0' || text(0, 4) === 'MM\0*' || text(0, 4) === 'II+\0' || text(0, 4) === 'MM\0+')
    return 'TIFF';
  if (text(4, 8) === 'ftyp') return isoFormat(bytes, text);
  if (text(0, 2) === 'BM' && bytes.length >= 26 && uint32(bytes, 6) === 0) return 'BMP';
  return isSvg(bytes) ? 'SVG' : undefined;
}

/** An SVG may begin with a declaration, comments or a document type; a name space may stand before "svg". */
function isSvg(bytes: Uint8Array): boolean {
  const head = startOf(bytes);
  return /^\s*<(\?xml|!--|!doctype\s+svg|(\w+:)?svg[\s>])/i.test(head) && /<(\w+:)?svg[\s>]/i.test(head);
}

/** AVIF and HEIC are the same container; its brands say which codec is inside. */
function isoFormat(bytes: Uint8Array, text: (from: number, to: number) => string): PictureFormat | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = Math.min(view.getUint32(0), bytes.length, 1024);
  const brands = [text(8, 12)];
  // Behind the main brand stands its version.
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(at, at + 4));
  if (brands.some(brand => brand === 'avif' || brand === 'avis')) return 'AVIF';
  return brands.some(brand => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)) ? 'HEIC' : undefined;
}

/** The start as text, less a byte order mark; UTF-16, which SVG may also be in, is known by that mark. */
function startOf(bytes: Uint8Array): string {
  const head = bytes.subarray(0, SVG_START);
  const encoding =
    head[0] === 0xff && head[1] === 0xfe
      ? 'utf-16le'
      : head[0] === 0xfe && head[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(encoding).decode(head);
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
}
