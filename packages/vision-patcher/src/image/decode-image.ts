import { ImageError, type RgbImage } from '@simvlm/core';
import { imageSize } from 'image-size';

export interface DecodeOptions {
  /** Pictures with more pixels are refused by their header, before anything is decoded. Default 50 million. */
  readonly maxPixels?: number;
}

/**
 * Decodes a picture (PNG, JPEG, WebP, GIF, AVIF, TIFF as far as the platform reads them): sharp in Node, `createImageBitmap` in
 * browsers. EXIF orientation is applied, transparency is laid on white, of an animation the first frame counts.
 *
 * @throws ImageError `IMAGE_TOO_LARGE` above `maxPixels`; `IMAGE_UNREADABLE` for what is no (whole) picture
 */
export async function decodeImage(
  bytes: Uint8Array,
  { maxPixels = 50e6 }: DecodeOptions = {},
): Promise<RgbImage> {
  checkHeader(bytes, maxPixels);
  try {
    return await (isBrowser() ? decodeInBrowser(bytes) : decodeWithSharp(bytes, maxPixels));
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError('IMAGE_UNREADABLE', `the picture cannot be decoded: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function checkHeader(bytes: Uint8Array, maxPixels: number): void {
  if (bytes.length === 0) throw new ImageError('IMAGE_UNREADABLE', 'the picture is empty');
  let size: { width: number; height: number; type?: string };
  try {
    size = imageSize(bytes);
  } catch (error) {
    throw new ImageError('IMAGE_UNREADABLE', 'this is not a picture, or of a format that is not known', {
      cause: error,
    });
  }
  const { width, height, type } = size;
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
}

function isBrowser(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

interface Sharp {
  (input: Uint8Array, options: object): Sharp;
  default?: Sharp;
  rotate(): Sharp;
  flatten(options: object): Sharp;
  toColourspace(space: string): Sharp;
  raw(): Sharp;
  toBuffer(options: {
    resolveWithObject: true;
  }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: number } }>;
}

async function decodeWithSharp(bytes: Uint8Array, maxPixels: number): Promise<RgbImage> {
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
  const { data, info } = await sharp(bytes, { limitInputPixels: maxPixels, failOn: 'truncated' })
    .rotate()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    data: info.channels === 3 ? new Uint8Array(data) : greyToRgb(data),
  };
}

async function decodeInBrowser(bytes: Uint8Array): Promise<RgbImage> {
  const bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), { imageOrientation: 'from-image' });
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
