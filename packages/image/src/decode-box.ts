import type { RgbImage } from '@simvlm/core';
import { type Box, crop, type PictureSize } from './crop';
import { decodeImage, isBrowser } from './decode-image';
import { decodeJpegBox } from './decode-with-sharp';
import { MAX_PIXELS } from './image-header';
import { hasImageEnd, readJpegHeader } from './jpeg-header';
import { pictureFormat } from './picture-format';

/** A rectangle of a picture: the whole picture where there is no box. */
export interface PicturePart {
  readonly image: RgbImage;
  readonly box: Box | undefined;
}

/** Chooses a rectangle by the size of a picture; undefined: all of it. It gives the same each time. */
export type ChooseBox = (size: PictureSize) => Box | undefined;

/**
 * A rectangle of a picture file, with the pixels that `decodeImage` gives. Of a JPEG that is stored upright, Node decodes no row below it. Damage
 * further down is then not seen, but a file that is cut off is refused whatever the rectangle.
 *
 * @throws ImageError as `decodeImage`
 */
export async function decodeBox(bytes: Uint8Array, choose: ChooseBox): Promise<PicturePart> {
  if (!isBrowser() && pictureFormat(bytes) === 'JPEG') {
    const header = readJpegHeader(bytes);
    const box =
      header?.orientation === 1 && header.width * header.height <= MAX_PIXELS && hasImageEnd(bytes, header)
        ? choose(header)
        : undefined;
    const image = box && (await decodeJpegBox(bytes, box));
    if (image) return { image, box };
  }
  return cutBox(await decodeImage(bytes), choose);
}

/** The same of a picture that is decoded already. */
export function cutBox(picture: RgbImage, choose: ChooseBox): PicturePart {
  const box = choose(picture);
  return { image: box ? crop(picture, box) : picture, box };
}
