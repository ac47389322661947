import { ImageError, type RgbImage } from '@simvlm/core';
import { imageSize } from 'image-size';

export interface DecodeOptions {
  /** Pictures with more pixels are refused by their header, before anything is decoded. Default 50 million. */
  readonly maxPixels?: number;
  /**
   * Pictures are shrunk while they are decoded, so that their shorter side has this many pixels: a photograph then takes less memory and time. Smaller
   * ones stay as they are. Default: all do. The platform shrinks in its own way, so that pixels differ a little from those of `resize`.
   */
  readonly shortSide?: number;
}

/** What the header of a picture says. */
export interface ImageHeader {
  /** Pixels of the picture as it is shown, EXIF orientation of a JPEG applied. */
  readonly width: number;
  readonly height: number;
  /** The format's usual ending, such as `png`. */
  readonly type: string;
}

const MAX_PIXELS = 50e6;

/**
 * Decodes a picture (PNG, JPEG, WebP, GIF, AVIF, TIFF as far as the platform reads them): sharp in Node, `createImageBitmap` in
 * browsers. EXIF orientation is applied, transparency is laid on white, of an animation the first frame counts.
 *
 * @throws ImageError `IMAGE_TOO_LARGE` above `maxPixels`; `IMAGE_UNREADABLE` for what is no (whole) picture
 */
export async function decodeImage(
  bytes: Uint8Array,
  { maxPixels = MAX_PIXELS, shortSide }: DecodeOptions = {},
): Promise<RgbImage> {
  const { width, height } = readImageHeader(bytes, { maxPixels });
  const scale = shortSide === undefined ? 1 : shortSide / Math.min(width, height);
  const shrunk = scale < 1 ? Math.round(width * scale) : undefined;
  try {
    return await (isBrowser() ? decodeInBrowser(bytes, shrunk) : decodeWithSharp(bytes, shrunk, maxPixels));
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError('IMAGE_UNREADABLE', `the picture cannot be decoded: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * The size and format of a picture by its header, without decoding anything.
 *
 * @throws ImageError `IMAGE_TOO_LARGE` above `maxPixels` (default 50 million); `IMAGE_UNREADABLE` for what is no picture
 */
export function readImageHeader(
  bytes: Uint8Array,
  { maxPixels = MAX_PIXELS }: Pick<DecodeOptions, 'maxPixels'> = {},
): ImageHeader {
  if (bytes.length === 0) throw new ImageError('IMAGE_UNREADABLE', 'the picture is empty');
  let size: { width: number; height: number; type?: string; orientation?: number };
  try {
    size = imageSize(bytes);
  } catch (error) {
    throw new ImageError('IMAGE_UNREADABLE', 'this is not a picture, or of a format that is not known', {
      cause: error,
    });
  }
  const { type = 'unknown', orientation = 1 } = size;
  // Orientations 5 to 8 of EXIF are quarter turns.
  const [width, height] = orientation < 5 ? [size.width, size.height] : [size.height, size.width];
  if (type === 'svg')
    throw new ImageError('IMAGE_UNREADABLE', 'SVG is a drawing, not a picture; rasterise it first');
  if (!(width > 0) || !(height > 0))
    throw new ImageError('IMAGE_UNREADABLE', `the picture says that it is ${width} × ${height} pixels`);
  if (width * height > maxPixels) {
    throw new ImageError(
      'IMAGE_TOO_LARGE',
      `the picture has ${width} × ${height} pixels, above the limit of ${maxPixels}; make it smaller or raise maxPixels`,
    );
  }
  return { width, height, type };
}

function isBrowser(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

interface Sharp {
  (input: Uint8Array, options: object): Sharp;
  default?: Sharp;
  rotate(): Sharp;
  resize(options: object): Sharp;
  flatten(options: object): Sharp;
  toColourspace(space: string): Sharp;
  raw(): Sharp;
  toBuffer(options: {
    resolveWithObject: true;
  }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: number } }>;
}

async function decodeWithSharp(
  bytes: Uint8Array,
  width: number | undefined,
  maxPixels: number,
): Promise<RgbImage> {
  // A name in a variable: bundlers for browsers must not look for it.
  const name = 'sharp';
  let sharp: Sharp;
  try {
    const module: Sharp = await import(/* @vite-ignore */ name);
    sharp = module.default ?? module;
  } catch (error) {
    throw new ImageError(
      'IMAGE_UNREADABLE',
      'decoding pictures in Node needs the package sharp: npm install sharp',
      { cause: error },
    );
  }
  const upright = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'truncated' })
    .rotate()
    .flatten({ background: '#ffffff' });
  const { data, info } = await (width === undefined ? upright : upright.resize({ width }))
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    data: info.channels === 3 ? new Uint8Array(data) : greyToRgb(data),
  };
}

async function decodeInBrowser(bytes: Uint8Array, width: number | undefined): Promise<RgbImage> {
  const bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), {
    imageOrientation: 'from-image',
    // The height follows.
    ...(width !== undefined && { resizeWidth: width, resizeQuality: 'high' as const }),
  });
  try {
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return { width, height, data: withoutAlpha(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
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

function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let i = 0; i < grey.length; i++) rgb.fill(grey[i]!, 3 * i, 3 * i + 3);
  return rgb;
}
