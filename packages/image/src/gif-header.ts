/**
 * The size of a GIF: its logical screen, or where that has no pixels, as some writers leave it, the first picture's. Undefined where
 * neither is found.
 */
export function readGifHeader(bytes: Uint8Array): { width: number; height: number } | undefined {
  if (bytes.length < 13) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const screen = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (screen.width > 0 && screen.height > 0) return screen;
  const flags = bytes[10]!;
  let at = 13 + (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  // Extensions: introducer, label, then blocks that begin with their length, the last of length 0.
  while (bytes[at] === 0x21) {
    at += 2;
    while (bytes[at]) at += bytes[at]! + 1;
    at++;
  }
  if (bytes[at] !== 0x2c || at + 9 > bytes.length) return undefined;
  return { width: view.getUint16(at + 5, true), height: view.getUint16(at + 7, true) };
}
