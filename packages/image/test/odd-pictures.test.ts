import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage, readImageHeader } from '../src/index';
import { drawn, fixtureFile, noise, oddPictures } from './fixture';

describe.each(oddPictures)('%s', (name, width, height) => {
  test('is decoded, as the decoder can', async () => {
    const decoded = await decodeImage(await fixtureFile(name));
    expect([decoded.width, decoded.height]).toEqual([width, height]);
    const direct = await sharp(await fixtureFile(name), { failOn: 'none' })
      .flatten({ background: '#fff' })
      .raw()
      .toBuffer();
    expect(Buffer.from(decoded.data).equals(direct)).toBe(true);
  });

  test('tells its size by its header, which browsers need before they decode', async () => {
    expect(readImageHeader(await fixtureFile(name))).toMatchObject({ width, height });
  });

  test('is refused above the limit, by its header', async () => {
    const maxPixels = width * height - 1;
    await expect(decodeImage(await fixtureFile(name), { maxPixels })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
    const bytes = await fixtureFile(name);
    expect(() => readImageHeader(bytes, { maxPixels })).toThrow(`limit is ${maxPixels} pixels`);
  });
});

test.each(['fill-bytes-before-frame.jpg', 'arithmetic-coding.jpg'])(
  '%s cut off after its frame header is called a JPEG that is damaged, never "not a picture"',
  async name => {
    const cut = (await fixtureFile(name)).subarray(0, 200);
    await expect(decodeImage(cut)).rejects.toThrow(/^this JPEG picture cannot be decoded: /);
    await expect(decodeImage(cut)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
  },
);

test('the orientation of a JPEG turns the size that its header gives, whatever stands before the frame', async () => {
  for (const orientation of [1, 3, 6, 8]) {
    const upright = await sharp(noise(32, 16).data, { raw: { width: 32, height: 16, channels: 3 } })
      .jpeg()
      .withMetadata({ orientation })
      .toBuffer();
    // Fill bytes behind the start of the image.
    const odd = Buffer.concat([upright.subarray(0, 2), Buffer.of(0xff, 0xff, 0xff), upright.subarray(2)]);
    const shown = orientation < 5 ? { width: 32, height: 16 } : { width: 16, height: 32 };
    for (const bytes of [upright, odd]) {
      expect(readImageHeader(bytes)).toEqual({ ...shown, type: 'jpg' });
      expect(await decodeImage(bytes)).toMatchObject(shown);
    }
  }
});

test('a HEIC picture is refused with what to do about it, not as "not a picture"', async () => {
  const failure = decodeImage(await fixtureFile('iphone.heic'));
  await expect(failure).rejects.toThrow(
    'this is a HEIC picture, which cannot be decoded here; convert it to JPEG',
  );
  await expect(failure).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
});

test('an AVIF, the same container, is decoded', async () => {
  const image = drawn(16, 16, (x, y) => [x * 12, y * 12, 128]);
  const bytes = await sharp(image.data, { raw: { width: 16, height: 16, channels: 3 } })
    .avif()
    .toBuffer();
  expect(readImageHeader(bytes)).toEqual({ width: 16, height: 16, type: 'avif' });
  expect(await decodeImage(bytes)).toMatchObject({ width: 16, height: 16 });
});

test('a header that is cut off or nonsense ends with an ImageError, whatever the bytes', async () => {
  const names = ['fill-bytes-before-frame.jpg', 'no-logical-screen.gif', 'iphone.heic'];
  for (const name of names) {
    const whole = await fixtureFile(name);
    for (let length = 1; length < 260; length++) {
      const bytes = Uint8Array.from(whole.subarray(0, length));
      try {
        readImageHeader(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: 'ImageError' });
      }
    }
  }
});

test('an SVG is refused however it begins', async () => {
  const body = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>';
  const encodings: [string, Uint8Array][] = [
    ['declared', Buffer.from(`<?xml version="1.0"?>\n<!-- drawn -->\n${body}`)],
    ['with a byte order mark', Buffer.from(`\uFEFF${body}`)],
    ['in UTF-16', Buffer.from(`\uFEFF${body}`, 'utf16le')],
    ['compressed', gzipSync(body)],
  ];
  for (const [how, bytes] of encodings)
    await expect(decodeImage(bytes), how).rejects.toThrow(/SVG drawing|not a picture/);
});
