/** What the frame header of a JPEG says, and the EXIF orientation (1 to 8; 1: as stored). */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  /** Where in the file the frame header is. */
  readonly at: number;
}

/**
 * The size of a JPEG by its first frame header (ITU-T T.81, B.2.2), as tolerant as decoders are: any number of fill bytes before a
 * marker, bytes that belong to no segment, markers without a segment, every coding process. Undefined where no frame header is found.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let orientation: number | undefined;
  // Behind the start-of-image marker.
  for (let at = 2; ; ) {
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (at < bytes.length && bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined) return undefined;
    // A stuffed zero, TEM, RSTn and SOI stand alone.
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    // End of image, or pixels before any frame header.
    if (marker === 0xd9 || marker === 0xda || at + 2 > bytes.length) return undefined;
    const end = at + view.getUint16(at);
    if (isFrameHeader(marker)) {
      if (at + 7 > bytes.length) return undefined;
      const [height, width] = [view.getUint16(at + 3), view.getUint16(at + 5)];
      return { width, height, orientation: orientation ?? 1, at };
    }
    if (marker === 0xe1) orientation ??= exifOrientation(bytes.subarray(at + 2, end));
    at = end;
  }
}

/** Whether an end-of-image marker stands behind the frame header: one of a thumbnail stands before it, and none is inside of compressed data. */
export function hasImageEnd(bytes: Uint8Array, { at }: JpegHeader): boolean {
  // From behind: files may have more behind the picture, but rarely much.
  for (let i = bytes.length - 2; i > at; i--) if (bytes[i] === 0xff && bytes[i + 1] === 0xd9) return true;
  return false;
}

/** SOF0 to SOF15; in between stand DHT (C4), JPG (C8) and DAC (CC). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** The tag 0x0112 of the first directory of an Exif segment. */
function exifOrientation(segment: Uint8Array): number | undefined {
  if (String.fromCharCode(...segment.subarray(0, 6)) !== 'Exif\0\0' || segment.length < 14) return undefined;
  const tiff = new DataView(segment.buffer, segment.byteOffset + 6, segment.length - 6);
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return undefined;
  const entries = tiff.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > tiff.byteLength) return undefined;
    if (tiff.getUint16(at, little) !== 0x0112) continue;
    const value = tiff.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}
