import { crc32 } from 'node:zlib';
import { ImageError } from '@simvlm/core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage, readImageHeader } from '../src/index';
import { drawn, noise, pixel, plain } from './fixture';

const raw = (
  { width, height, data }: { width: number; height: number; data: Uint8Array },
  channels: 1 | 2 | 3 | 4 = 3,
) => sharp(data, { raw: { width, height, channels } });
const grey = (values: readonly number[]) => values.flatMap(value => [value, value, value]);

test('a PNG gives its pixels exactly', async () => {
  const image = noise(5, 7);
  const decoded = await decodeImage(await raw(image).png().toBuffer());
  expect(decoded).toEqual(image);
  expect(decoded.data.constructor).toBe(Uint8Array);
});

test('a palette PNG and a lossless WebP give their pixels exactly', async () => {
  const image = drawn(6, 4, (x, y) => [x * 40, y * 60, 90]);
  expect(
    await decodeImage(await raw(image).png({ palette: true, colours: 64, dither: 0 }).toBuffer()),
  ).toEqual(image);
  expect(await decodeImage(await raw(image).webp({ lossless: true }).toBuffer())).toEqual(image);
});

test('a GIF gives its first frame', async () => {
  const [red, blue] = [plain(4, 3, [255, 0, 0]), plain(4, 3, [0, 0, 255])];
  const both = { width: 4, height: 6, data: Uint8Array.from([...red.data, ...blue.data]) };
  const gif = await sharp(both.data, { raw: { width: 4, height: 6, channels: 3, pageHeight: 3 } })
    .gif()
    .toBuffer();
  expect((await sharp(gif, { animated: true }).metadata()).pages).toBe(2);
  expect(await decodeImage(gif)).toEqual(red);
});

test('JPEG and lossy WebP come close', async () => {
  const image = drawn(16, 16, (x, y) => [x * 12, y * 12, 128]);
  for (const bytes of [
    await raw(image).jpeg({ quality: 95 }).toBuffer(),
    await raw(image).webp({ quality: 95 }).toBuffer(),
  ]) {
    const { width, height, data } = await decodeImage(bytes);
    expect([width, height]).toEqual([16, 16]);
    const difference =
      data.reduce((sum, value, i) => sum + Math.abs(value - image.data[i]!), 0) / data.length;
    expect(difference).toBeLessThan(6);
  }
});

test('EXIF orientation is applied: what lies on its side is stood up', async () => {
  // Red left, blue right; orientation 6 asks for a quarter turn clockwise: red on top.
  const image = drawn(32, 16, x => (x < 16 ? [230, 20, 20] : [20, 20, 230]));
  const decoded = await decodeImage(
    await raw(image).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer(),
  );
  expect([decoded.width, decoded.height]).toEqual([16, 32]);
  expect(pixel(decoded, 8, 4)[0]).toBeGreaterThan(200);
  expect(pixel(decoded, 8, 4)[2]).toBeLessThan(60);
  expect(pixel(decoded, 8, 28)[2]).toBeGreaterThan(200);
});

test('transparency is laid on white', async () => {
  const rgba = Uint8Array.of(255, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 51);
  const { data } = await decodeImage(await raw({ width: 3, height: 1, data: rgba }, 4).png().toBuffer());
  expect([...data]).toEqual([255, 0, 0, 255, 255, 255, 204, 204, 204]);
});

test('grey pictures, with and without transparency, have three equal channels', async () => {
  const image = { width: 3, height: 1, data: Uint8Array.of(0, 100, 255) };
  const bytes = await raw(image, 1).toColourspace('b-w').png().toBuffer();
  expect((await sharp(bytes).metadata()).channels).toBe(1);
  expect([...(await decodeImage(bytes)).data]).toEqual(grey([0, 100, 255]));
  const withAlpha = { width: 2, height: 1, data: Uint8Array.of(100, 255, 100, 0) };
  const bytes2 = await raw(withAlpha, 2).toColourspace('b-w').png().toBuffer();
  expect((await sharp(bytes2).metadata()).channels).toBe(2);
  expect([...(await decodeImage(bytes2)).data]).toEqual(grey([100, 255]));
});

test('16 bits a channel are brought to 8', async () => {
  const bytes = await raw(plain(2, 2, [10, 128, 250]))
    .toColourspace('rgb16')
    .png()
    .toBuffer();
  expect((await sharp(bytes).metadata()).depth).toBe('ushort');
  expect(await decodeImage(bytes)).toEqual(plain(2, 2, [10, 128, 250]));
});

/** A PNG with a header and no pixels: decoding more than the header would fail in another way. */
function pngHeader(width: number, height: number): Uint8Array {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const chunk = (name: string, data: Uint8Array) => {
    const [length, body, checksum] = [
      Buffer.alloc(4),
      Buffer.concat([Buffer.from(name), data]),
      Buffer.alloc(4),
    ];
    length.writeUInt32BE(data.length);
    checksum.writeUInt32BE(crc32(body));
    return [length, body, checksum];
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, ...chunk('IHDR', header), ...chunk('IDAT', Buffer.alloc(0))]);
}

test('a huge picture is refused by its header, before anything is decoded', async () => {
  const failure = decodeImage(pngHeader(100_000, 100_000));
  await expect(failure).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  await expect(failure).rejects.toThrow('100000 × 100000 pixels; the limit is 67108864 pixels');
});

test('a phone picture of 50 megapixels is below the limit, and nothing above 8192 × 8192', async () => {
  expect(readImageHeader(pngHeader(8192, 6144))).toMatchObject({ width: 8192, height: 6144 });
  expect(readImageHeader(pngHeader(8192, 8192))).toMatchObject({ width: 8192, height: 8192 });
  await expect(decodeImage(pngHeader(8192, 8193))).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  // The limit is passed: what is missing are the pixels.
  await expect(decodeImage(pngHeader(8192, 6144))).rejects.toThrow(/PNG picture cannot be decoded/);
});

test('the limit is the caller’s, and a picture of exactly so many pixels passes', async () => {
  const bytes = await raw(noise(10, 10)).png().toBuffer();
  expect((await decodeImage(bytes, { maxPixels: 100 })).width).toBe(10);
  await expect(decodeImage(bytes, { maxPixels: 99 })).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
});

const whole = async () => raw(noise(64, 64)).jpeg().toBuffer();
test.each<[string, () => Promise<Uint8Array> | Uint8Array, RegExp]>([
  ['an empty file', () => new Uint8Array(0), /the picture is empty/],
  ['a text file', () => new TextEncoder().encode('This is a letter, not a picture.'), /not a picture/],
  ['a truncated JPEG', async () => (await whole()).subarray(0, 1500), /cannot be decoded/],
  [
    'a truncated PNG',
    async () => (await raw(noise(64, 64)).png().toBuffer()).subarray(0, 3000),
    /cannot be decoded/,
  ],
  ['a header alone', () => pngHeader(8, 8), /cannot be decoded/],
  ['a picture of no pixels', () => pngHeader(0, 8), /PNG picture cannot be decoded/],
  [
    'an SVG',
    () =>
      new TextEncoder().encode(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>',
      ),
    /SVG drawing/,
  ],
])('%s is refused as unreadable', async (_, bytes, message) => {
  const failure = decodeImage(await bytes());
  await expect(failure).rejects.toBeInstanceOf(ImageError);
  await expect(failure).rejects.toMatchObject({
    code: 'IMAGE_UNREADABLE',
    message: expect.stringMatching(message),
  });
});

test('the header alone says how large a picture is shown, and what it is', async () => {
  const image = plain(32, 16, [1, 2, 3]);
  const turned = await raw(image).jpeg().withMetadata({ orientation: 6 }).toBuffer();
  expect(readImageHeader(turned)).toEqual({ width: 16, height: 32, type: 'jpg' });
  const png = await raw(image).png().toBuffer();
  expect(readImageHeader(png.subarray(0, 40))).toEqual({ width: 32, height: 16, type: 'png' });
  expect(() => readImageHeader(png, { maxPixels: 511 })).toThrow(/32 × 16 pixels; the limit is 511 pixels/);
});

test('a picture is shrunk while it is decoded, upright and never enlarged', async () => {
  // Red left, blue right, a quarter turn clockwise: red on top.
  const image = drawn(64, 32, x => (x < 32 ? [230, 20, 20] : [20, 20, 230]));
  const turned = await raw(image).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer();
  const shrunk = await decodeImage(turned, { shortSide: 8 });
  expect([shrunk.width, shrunk.height]).toEqual([8, 16]);
  expect(pixel(shrunk, 4, 3)[0]).toBeGreaterThan(200);
  expect(pixel(shrunk, 4, 12)[2]).toBeGreaterThan(200);
  const small = noise(6, 5);
  expect(await decodeImage(await raw(small).png().toBuffer(), { shortSide: 5 })).toEqual(small);
});
