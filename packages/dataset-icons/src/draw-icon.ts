import { DataError, ImageError, type RgbImage } from '@simvlm/core';
import { drawSvg } from '@simvlm/dataset-emoji';
import type { Candidate } from './catalog';
import { inkAndPaper, recoloured } from './colours';
import type { Rule } from './left-out';

/** A picture as it is stored, or why there is none. */
export type DrawnIcon = { readonly png: Uint8Array } | { readonly rule: Rule; readonly problem?: ImageError };

/** Enough for 64 pixels: the drawings are simple. */
const SUPERSAMPLING = 2;

/** A picture no pixel of which is darker than this, of 255, shows nothing. */
const NEARLY_WHITE = 240;

/**
 * Draws an icon as a square PNG, in its own colours or in random ink on random paper.
 *
 * @param size in pixels
 * @param pictureRule why the picture is left out, if it is: asked of the drawing, and of the picture as it is trained on
 * @throws DataError when sharp cannot be loaded
 */
export async function drawIcon(
  { key, svg, coloured }: Candidate,
  size: number,
  pictureRule: (drawing: RgbImage, picture: RgbImage) => Rule | undefined,
): Promise<DrawnIcon> {
  let pixels: Uint8Array;
  try {
    pixels = await drawSvg(Buffer.from(svg).toString(), size, SUPERSAMPLING);
  } catch (error) {
    // That of a missing library is not about this icon.
    if (error instanceof DataError) throw error;
    const why = (error as Error).message.replace(/\s*\n\s*/g, ' ');
    const problem = new ImageError('IMAGE_UNREADABLE', `cannot be drawn: ${why}`, { cause: error });
    return { rule: 'drawing', problem };
  }
  if (pixels.every(value => value > NEARLY_WHITE)) return { rule: 'blank' };
  const image = (data: Uint8Array): RgbImage => ({ width: size, height: size, data });
  const data = coloured ? pixels : recoloured(pixels, inkAndPaper(key));
  const rule = pictureRule(image(pixels), image(data));
  if (rule) return { rule };
  const { default: sharp } = await import('sharp');
  // Without a filter for each row drawings in few colours become smaller, and are read faster.
  const png = await sharp(data, { raw: { width: size, height: size, channels: 3 } })
    .png({ compressionLevel: 9, adaptiveFiltering: false })
    .toBuffer();
  return { png };
}
