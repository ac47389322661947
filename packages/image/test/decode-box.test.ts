import { Random, type RandomState } from '@simvlm/core';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage, type PictureTransform, preparePicture } from '../src/index';
import { fixtureFile, noise, oddPictures } from './fixture';

const encoded = (width: number, height: number, seed = 1) =>
  sharp(noise(width, height, seed).data, { raw: { width, height, channels: 3 } });
const draw = (seed: number): { random: RandomState; mirror: boolean } => ({
  random: Random.fromSeed(seed).state(),
  mirror: true,
});
const transforms: PictureTransform[] = [
  { size: 16, augment: 'crop' },
  { size: 16, augment: 'drawing-strong' },
  { size: 16, fit: 'pad' },
];

/** That only a part is decoded must not be seen. */
async function expectSame(bytes: Uint8Array): Promise<void> {
  const picture = await decodeImage(bytes);
  for (const transform of transforms) {
    for (let seed = 0; seed < 3; seed++) {
      const rest = { transform, draw: draw(seed) };
      expect(await preparePicture({ picture: bytes, ...rest })).toEqual(
        await preparePicture({ picture, ...rest }),
      );
    }
    expect(await preparePicture({ picture: bytes, transform })).toEqual(
      await preparePicture({ picture, transform }),
    );
  }
}

describe('a part of a file has the pixels of the whole', () => {
  const profiled = (width: number, height: number, profile: string) =>
    encoded(width, height).withIccProfile(profile).jpeg().toBuffer();
  test.each<[string, () => Promise<Uint8Array>]>([
    ['JPEG', () => encoded(90, 60).jpeg().toBuffer()],
    ['JPEG with full chroma', () => encoded(61, 97).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()],
    ['progressive JPEG', () => encoded(90, 60).jpeg({ progressive: true }).toBuffer()],
    ['grey JPEG', () => encoded(90, 60).toColourspace('b-w').jpeg().toBuffer()],
    ['CMYK JPEG', () => encoded(90, 60).toColourspace('cmyk').jpeg().toBuffer()],
    ['JPEG with a colour profile', () => profiled(90, 60, 'p3')],
    ['PNG', () => encoded(90, 60).png().toBuffer()],
    ['WebP', () => encoded(90, 60).webp().toBuffer()],
  ])('%s', async (_, make) => expectSame(await make()));

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('JPEG with orientation %d', async orientation =>
    expectSame(await encoded(90, 60).jpeg().withMetadata({ orientation }).toBuffer()),
  );

  test.each(oddPictures)('%s', async name => expectSame(await fixtureFile(name)));

  test('JPEG with more behind its end', async () => {
    const bytes = await encoded(90, 60).jpeg().toBuffer();
    await expectSame(Buffer.concat([bytes, new Uint8Array(3000).fill(7)]));
  });
});

test('a JPEG that is cut off anywhere is refused as when all of it is decoded, whatever part is asked for', async () => {
  const whole = await encoded(90, 60).jpeg().toBuffer();
  for (const length of [300, whole.length >> 1, whole.length - 700, whole.length - 2]) {
    const bytes = whole.subarray(0, length);
    const error: Error = await decodeImage(bytes).then(Object, reason => reason);
    for (let seed = 0; seed < 4; seed++) {
      const made = preparePicture({ picture: bytes, transform: transforms[0]!, draw: draw(seed) });
      if (error instanceof Error) await expect(made).rejects.toThrow(error.message);
      else await expect(made).resolves.toMatchObject({ width: 16 });
    }
  }
});

test('a JPEG above the limit of pixels is refused by its header', async () => {
  const bytes = Uint8Array.from(await encoded(16, 16).jpeg().toBuffer());
  const frame = Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xc0));
  new DataView(bytes.buffer).setUint16(frame + 5, 60_000);
  new DataView(bytes.buffer).setUint16(frame + 7, 60_000);
  await expect(preparePicture({ picture: bytes, transform: { size: 16 } })).rejects.toMatchObject({
    code: 'IMAGE_TOO_LARGE',
  });
});
