import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage } from '../src/index';
import { drawn } from './fixture';

const image = drawn(16, 16, (x, y) => [x * 16, y * 16, 90]);
const png = (options: object = {}) =>
  sharp(image.data, { raw: { width: 16, height: 16, channels: 3 } })
    .withMetadata({ orientation: 1 })
    .png(options)
    .toBuffer();

/** Where the data of a chunk begins, and how much it is. */
function chunk(bytes: Buffer, name: string): { start: number; length: number } {
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at))
    if (bytes.toString('latin1', at + 4, at + 8) === name)
      return { start: at + 8, length: bytes.readUInt32BE(at) };
  throw new Error(`no ${name} in this PNG`);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x10;
  return copy;
}

test.each([
  ['PLTE', { palette: true, colours: 256, dither: 0 }],
  ['IHDR', {}],
  ['IDAT', {}],
  ['eXIf', {}],
  ['iCCP', {}],
])('a PNG whose %s chunk is damaged is refused, and the chunk named', async (name, options) => {
  const whole = await png(options);
  expect(await decodeImage(whole)).toEqual(image);
  const { start, length } = chunk(whole, name);
  // A byte of the data that leaves the chunk readable; and of the checksum itself.
  for (const at of [start + length - 1, start + length]) {
    const failure = decodeImage(flipped(whole, at));
    await expect(failure).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
    await expect(failure).rejects.toThrow(`the checksum of its ${name} chunk is wrong`);
  }
});

test('what follows the end of a PNG is none of its chunks', async () => {
  expect(await decodeImage(Buffer.concat([await png(), Buffer.alloc(40, 7)]))).toEqual(image);
});

test('a chunk that says it is longer than the file is cut off, not damaged', async () => {
  const whole = await png();
  const { start } = chunk(whole, 'IDAT');
  const bytes = Buffer.from(whole);
  bytes.writeUInt32BE(0x7fffffff, start - 8);
  await expect(decodeImage(bytes)).rejects.toThrow(/^this PNG picture cannot be decoded: /);
});
