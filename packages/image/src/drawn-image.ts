import { ImageError, type RgbImage } from '@simvlm/core';
import { checkPixels, MAX_PIXELS } from './image-header';

/** What a page has decoded already. */
export type Drawable = ImageBitmap | HTMLImageElement | HTMLCanvasElement | OffscreenCanvas;

/**
 * The pixels of a picture that a browser has decoded, transparency laid on white. An `img` is waited for.
 *
 * @throws ImageError `IMAGE_TOO_LARGE` above `maxPixels`; `IMAGE_UNREADABLE` for an `img` that did not load, or whose server does not let the
 *   page read its pixels (CORS)
 */
export async function drawnImage(picture: Drawable, maxPixels = MAX_PIXELS): Promise<RgbImage> {
  const unreadable = (why: string, cause?: unknown) => new ImageError('IMAGE_UNREADABLE', why, { cause });
  const isElement = 'naturalWidth' in picture;
  if (isElement)
    await picture.decode().catch(error => {
      throw unreadable(`the picture ${picture.src.slice(0, 200)} did not load`, error);
    });
  const width = isElement ? picture.naturalWidth : picture.width;
  const height = isElement ? picture.naturalHeight : picture.height;
  if (width === 0 || height === 0) throw unreadable('the picture has no pixels');
  checkPixels({ width, height }, maxPixels);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0);
  try {
    return { width, height, data: withoutAlpha(context.getImageData(0, 0, width, height).data) };
  } catch (error) {
    throw unreadable(
      'the server of this picture does not let the page read it; give the img crossorigin="anonymous"',
      error,
    );
  }
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0, j = 0; i < rgba.length; i += 4) {
    rgb[j++] = rgba[i]!;
    rgb[j++] = rgba[i + 1]!;
    rgb[j++] = rgba[i + 2]!;
  }
  return rgb;
}
