import { ImageError } from '@simvlm/core';
import { MAX_PIXELS, readImageHeader } from '@simvlm/image';
import sharp, { type Sharp } from 'sharp';

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
  return encoded(bytes, type, picture => {
    const smaller = picture.resize({ width: shortSide, height: shortSide, fit: 'outside' });
    if (type === 'png') return smaller.png();
    if (type === 'webp') return smaller.webp({ quality });
    return smaller.flatten({ background: '#ffffff' }).jpeg({ quality });
  });
}

/** A picture for a page, in WebP, with no side longer than `side`, and what its header says of the whole. @throws as `smallerPicture` */
export async function thumbnail(bytes: Uint8Array, side: number) {
  const header = readImageHeader(bytes);
  const small = await encoded(bytes, header.type, picture =>
    picture
      .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 }),
  );
  return { source: `data:image/webp;base64,${Buffer.from(small).toString('base64')}`, ...header };
}

async function encoded(
  bytes: Uint8Array,
  type: string,
  encode: (upright: Sharp) => Sharp,
): Promise<Uint8Array> {
  try {
    // The header was found small enough, but a crafted file may have the decoder read another size.
    const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
    return await encode(picture.rotate()).toBuffer();
  } catch (error) {
    const why = (error as Error).message.split('\n', 1)[0];
    throw new ImageError('IMAGE_UNREADABLE', `this ${type} picture cannot be decoded: ${why}`, {
      cause: error,
    });
  }
}
