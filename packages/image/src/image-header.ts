import { ImageError } from '@simvlm/core';
import { imageSize } from 'image-size';
import { readGifHeader } from './gif-header';
import { readJpegHeader } from './jpeg-header';
import { type PictureFormat, pictureFormat } from './picture-format';

/** What the header of a picture says. */
export interface ImageHeader {
  /** Pixels of the picture as it is shown, EXIF orientation of a JPEG applied. */
  readonly width: number;
  readonly height: number;
  /** The format's usual ending, such as `png`. */
  readonly type: string;
}

/** 8,192 × 8,192: photographs of 50 megapixels (8,192 × 6,144) fit. Decoded it takes 192 MiB, as much again if it is rotated. */
export const MAX_PIXELS = 2 ** 26;

/**
 * The size and format of a picture by its header, without decoding anything; works without a decoder.
 *
 * @throws ImageError `IMAGE_TOO_LARGE` above `maxPixels`; `IMAGE_UNREADABLE` for an empty file, an SVG, and where no size is found
 */
export function readImageHeader(
  bytes: Uint8Array,
  {
    maxPixels = MAX_PIXELS,
  }: {
    /** Default 67,108,864 (8,192 × 8,192). */
    readonly maxPixels?: number;
  } = {},
): ImageHeader {
  const format = refuseKnown(bytes);
  const header = sizeOf(bytes, format);
  if (!header || !(header.width > 0) || !(header.height > 0))
    throw format === undefined ? notAPicture() : unreadable(format, 'its header gives no size');
  checkPixels(header, maxPixels);
  return header;
}

/** Refuses what is not decoded whatever a decoder could do: nothing, and drawings. Returns the format by the first bytes. */
export function refuseKnown(bytes: Uint8Array): PictureFormat | undefined {
  if (bytes.length === 0) throw new ImageError('IMAGE_UNREADABLE', 'the picture is empty (0 bytes)');
  const format = pictureFormat(bytes);
  if (format === 'SVG') throw isSvg();
  return format;
}

/** @throws ImageError `IMAGE_TOO_LARGE` */
export function checkPixels(
  { width, height }: Pick<ImageHeader, 'width' | 'height'>,
  maxPixels: number,
): void {
  if (width * height <= maxPixels) return;
  throw new ImageError(
    'IMAGE_TOO_LARGE',
    `the picture has ${width} × ${height} pixels; the limit is ${maxPixels} pixels. Save a smaller copy and use that: a model ` +
      'reads a few hundred pixels a side',
  );
}

export function isSvg(): ImageError {
  return new ImageError('IMAGE_UNREADABLE', 'this is an SVG drawing; save it as PNG and use that');
}

export function notAPicture(cause?: unknown): ImageError {
  return new ImageError(
    'IMAGE_UNREADABLE',
    'this is not a picture, or its format is unknown; use PNG, JPEG, WebP, GIF, AVIF or TIFF',
    { cause },
  );
}

/** What the first bytes say it is, and why it cannot be read all the same. */
export function unreadable(format: PictureFormat, reason: string, cause?: unknown): ImageError {
  const message =
    format === 'HEIC' || format === 'BMP'
      ? `this is a ${format} picture, which cannot be decoded here; convert it to JPEG`
      : `this ${format} picture cannot be decoded: ${reason}`;
  return new ImageError('IMAGE_UNREADABLE', message, { cause });
}

function sizeOf(bytes: Uint8Array, format: PictureFormat | undefined): ImageHeader | undefined {
  // The library knows neither fill bytes nor pictures without a logical screen.
  if (format === 'JPEG') {
    const header = readJpegHeader(bytes);
    return header && { ...shown(header), type: 'jpg' };
  }
  if (format === 'GIF') {
    const header = readGifHeader(bytes);
    return header && { ...header, type: 'gif' };
  }
  try {
    const { type = 'unknown', ...size } = imageSize(bytes);
    if (type === 'svg') throw isSvg();
    return { ...shown(size), type };
  } catch (error) {
    if (error instanceof ImageError) throw error;
    // The library throws plain errors of many kinds for what it cannot read.
    return undefined;
  }
}

/** Orientations 5 to 8 of EXIF are quarter turns. */
export function shown({
  width,
  height,
  orientation = 1,
}: {
  readonly width: number;
  readonly height: number;
  readonly orientation?: number;
}): Pick<ImageHeader, 'width' | 'height'> {
  return orientation < 5 ? { width, height } : { width: height, height: width };
}
