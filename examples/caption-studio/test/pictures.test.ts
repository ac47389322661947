import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodePicture, inspectPicture } from '../src/engine/pictures';
import { FakeOpfs, failureOf, newEngine } from './fixture';

const file = (bytes: Uint8Array) => new Blob([bytes as BlobPart]);
const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } });

/** The header of a PNG of any size, with next to nothing behind it: to decode it would fail in another way. */
async function pngHeader(width: number, height: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await picture(1, 1).png().toBuffer());
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

// No picture needs a model.
const engine = newEngine({ shipped: new Map(), opfs: new FakeOpfs() });
const inspect = (bytes: Uint8Array, name = 'picture.png') => engine.inspect(file(bytes), name);

describe('a picture is looked at before anything is done with it', () => {
  test('one that can be used says how large it is', async () => {
    expect(await inspect(await picture(300, 200).png().toBuffer())).toEqual({ width: 300, height: 200 });
    const turned = await picture(30, 20).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect(await inspect(turned)).toEqual({ width: 20, height: 30 });
  });

  test.each([
    ['a text file named .png', async () => new TextEncoder().encode('dear diary'), 'PICTURE_NOT_AN_IMAGE'],
    ['an empty file', async () => new Uint8Array(0), 'PICTURE_NOT_AN_IMAGE'],
    [
      'a drawing in SVG',
      async () => new TextEncoder().encode('<svg width="1" height="1"/>'),
      'PICTURE_NOT_AN_IMAGE',
    ],
    [
      'a picture that is cut off',
      async () => (await picture(300, 200).webp({ lossless: true }).toBuffer()).subarray(0, 40),
      'PICTURE_BROKEN',
    ],
    ['a picture of 200 megapixels, by its header', () => pngHeader(20_000, 10_000), 'PICTURE_TOO_LARGE'],
    ['one of a pixel more than 8192 × 8192', () => pngHeader(8192 ** 2 + 1, 1), 'PICTURE_TOO_LARGE'],
    ['a JPEG without a frame header', async () => Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), 'PICTURE_BROKEN'],
  ])('%s', async (_, make, code) => {
    const failure = await failureOf(inspect(await make(), 'mine.png'));
    expect(failure).toMatchObject({ code, detail: expect.any(String) });
    expect(`${failure.title} ${failure.detail}`).toContain('mine.png');
    expect(failure.advice.length).toBeGreaterThan(20);
  });

  test('a file too large is not even read', async () => {
    const huge = { size: 101e6, arrayBuffer: () => Promise.reject(new Error('it was read')) };
    const failure = await failureOf(engine.inspect(huge as unknown as Blob, 'huge.png'));
    expect(failure.code).toBe('PICTURE_TOO_LARGE');
  });
});

test('a HEIC picture that the platform cannot decode is named as one, with what to do', async () => {
  const heic = new URL('../../../packages/image/test/fixtures/iphone.heic', import.meta.url);
  const failure = await failureOf(inspect(await readFile(heic), 'IMG_1.HEIC'));
  expect(failure.title).toBe('IMG_1.HEIC is a HEIC picture, which this browser cannot read');
  expect(failure.advice).toContain('JPEG');
});

test('transparency is white, as in the pictures that the model was trained on', async () => {
  const { width, height, data } = await decodePicture(file(await picture(40, 30).png().toBuffer()), 'x', 10);
  expect([width, height]).toEqual([13, 10]);
  expect(data.every(value => value === 255)).toBe(true);
  expect(await inspectPicture(file(await picture(40, 30).png().toBuffer()), 'x')).toEqual({
    width: 40,
    height: 30,
  });
});
