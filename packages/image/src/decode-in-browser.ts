import type { RgbImage } from '@simvlm/core';
import type { DecoderOptions } from './decode-with-sharp';
import { checkPixels, readImageHeader } from './image-header';

/**
 * Decodes in a browser. It decodes the whole picture before it tells the size, so the size must be found in the header first: a format
 * that the browser reads and we do not know is refused.
 */
export async function decodeInBrowser(
  bytes: Uint8Array,
  { maxPixels, shrunkWidth }: DecoderOptions,
): Promise<RgbImage> {
  const resizeWidth = shrunkWidth(readImageHeader(bytes, { maxPixels }));
  const bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), {
    imageOrientation: 'from-image',
    // The height follows.
    ...(resizeWidth !== undefined && { resizeWidth, resizeQuality: 'high' as const }),
  });
  try {
    const { width, height } = bitmap;
    // Had the header told less than the truth, the canvas would take as much again.
    checkPixels(bitmap, maxPixels);
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
