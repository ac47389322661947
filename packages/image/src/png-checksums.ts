/** CRC-32 (ISO 3309) of each byte, the polynomial reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/**
 * The name of the first chunk of a PNG whose checksum is wrong, such as `PLTE`; undefined where all are right. Decoders only warn
 * of some of these and go on with other colours. A chunk that is cut off is left to the decoder.
 */
export function damagedPngChunk(png: Uint8Array): string | undefined {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  // Each chunk: length of the data, name, data, CRC of name and data. The first one follows the signature of 8 bytes.
  for (let at = 8; at + 12 <= png.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > png.length) return undefined;
    const name = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (crc32(png.subarray(at + 4, end)) !== view.getUint32(end)) return name;
    if (name === 'IEND') return undefined;
    at = end + 4;
  }
  return undefined;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
