import { ImageError, type RgbImage } from '@simvlm/core';
import { decodeInBrowser } from './decode-in-browser';
import { decodeWithSharp } from './decode-with-sharp';
import { MAX_PIXELS, notAPicture, refuseKnown, unreadable } from './image-header';
import { damagedPngChunk } from './png-checksums';

export interface DecodeOptions {
  /** Pictures with more pixels are refused by their header, before anything is decoded. Default 67,108,864 (8,192 × 8,192). */
  readonly maxPixels?: number;
  /**
   * Pictures are shrunk while they are decoded, so that their shorter side has this many pixels: a photograph then takes less memory and time. Smaller
   * ones stay as they are. Default: all do. The platform shrinks in its own way, so that pixels differ a little from those of `resize`.
   */
  readonly shortSide?: number;
}

/**
 * Decodes a picture (PNG, JPEG, WebP, GIF, AVIF, TIFF as far as the platform reads them): sharp in Node, `createImageBitmap` in
 * browsers. EXIF orientation is applied, transparency is laid on white, of an animation the first frame counts. The decoder decides what
 * is a picture; only a PNG with a wrong checksum is refused although some decoders read it, since its colours may be others.
 *
 * Memory: 3 bytes a pixel for the result, as much again where it is rotated; 192 MiB and 384 MiB at the default limit. A browser takes
 * another 12 bytes a pixel meanwhile.
 *
 * @throws ImageError `IMAGE_TOO_LARGE` above `maxPixels`; `IMAGE_UNREADABLE` for what is no (whole) picture, and for SVG
 */
export async function decodeImage(
  bytes: Uint8Array,
  { maxPixels = MAX_PIXELS, shortSide }: DecodeOptions = {},
): Promise<RgbImage> {
  const format = refuseKnown(bytes);
  const damaged = format === 'PNG' ? damagedPngChunk(bytes) : undefined;
  if (damaged !== undefined)
    throw new ImageError(
      'IMAGE_UNREADABLE',
      `this PNG is damaged: the checksum of its ${damaged} chunk is wrong; get the file again`,
    );
  /** The width to decode at: none where the picture is small enough. */
  const shrunkWidth = ({ width, height }: { width: number; height: number }) => {
    const scale = shortSide === undefined ? 1 : shortSide / Math.min(width, height);
    return scale < 1 ? Math.round(width * scale) : undefined;
  };
  try {
    return await (isBrowser() ? decodeInBrowser : decodeWithSharp)(bytes, { maxPixels, shrunkWidth });
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw format === undefined ? notAPicture(error) : unreadable(format, firstLine(error), error);
  }
}

export function isBrowser(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

/** Decoders repeat themselves, line by line. */
function firstLine(error: unknown): string {
  return (error as Error).message.split('\n', 1)[0]!;
}
