import { ImageError } from '@simvlm/core';
import { readImageHeader } from '@simvlm/image';
import sharp from 'sharp';

export interface SmallerOptions {
  /** Pixels of the shorter side, at most. */
  readonly shortSide: number;
  /** Of JPEG and WebP, 1 to 100. */
  readonly quality: number;
}

/**
 * A picture whose shorter side is not longer, encoded again: PNG stays PNG, WebP stays WebP, all else becomes JPEG on white; upright, in sRGB, without
 * metadata. One that is small enough stays as it is, to the byte.
 *
 * @throws ImageError for what cannot be read
 */
export async function smallerPicture(
  bytes: Uint8Array,
  { shortSide, quality }: SmallerOptions,
): Promise<Uint8Array> {
  const { width, height, type } = readImageHeader(bytes);
  if (Math.min(width, height) <= shortSide) return bytes;
  // Its header was found small enough.
  const smaller = sharp(bytes, { limitInputPixels: false, failOn: 'error' })
    .rotate()
    .resize({ width: shortSide, height: shortSide, fit: 'outside' });
  try {
    if (type === 'png') return await smaller.png().toBuffer();
    if (type === 'webp') return await smaller.webp({ quality }).toBuffer();
    return await smaller.flatten({ background: '#ffffff' }).jpeg({ quality }).toBuffer();
  } catch (error) {
    throw new ImageError(
      'IMAGE_UNREADABLE',
      `this ${type} picture cannot be decoded: ${(error as Error).message.split('\n', 1)[0]}`,
      { cause: error },
    );
  }
}
