import type { RgbImage } from '@simvlm/core';
import type { DecoderOptions } from './decode-with-sharp';
import { drawnImage } from './drawn-image';
import { readImageHeader } from './image-header';

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
    // Had the header told less than the truth, the canvas would take as much again.
    return await drawnImage(bitmap, maxPixels);
  } finally {
    bitmap.close();
  }
}
