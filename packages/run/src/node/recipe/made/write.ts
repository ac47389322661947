import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/** Writes a file and the folders that it lies in. */
export async function write(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** Records as JSON lines. */
export function lines(records: readonly object[]): string {
  return records.map(record => `${JSON.stringify(record)}\n`).join('');
}

const WIDTH = 96;
const HEIGHT = 64;

/** A small picture: a PNG file (RFC 2083) of 8-bit RGB, with other colours for another number. Readers go by the content of a file, not its name. */
export function picture(number: number): Uint8Array {
  const row = 1 + 3 * WIDTH;
  const raw = new Uint8Array(HEIGHT * row);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < 3 * WIDTH; x++) raw[y * row + 1 + x] = (x * (number + 1) + 5 * y) & 255;
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, WIDTH);
  header.setUint32(4, HEIGHT);
  // 8 bits a channel, RGB; the only compression and filters that there are, no interlacing.
  header.setUint8(8, 8);
  header.setUint8(9, 2);
  return Buffer.concat([
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', new Uint8Array()),
  ]);
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}
