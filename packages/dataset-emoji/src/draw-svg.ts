import { DataError } from '@simvlm/core';
import { fitOnWhite } from './resample';

/**
 * Draws an SVG on white, cropped to what is visible and centred with a small margin.
 *
 * @param svg its root element has a `viewBox` and neither width nor height
 * @param size side of the result in pixels
 * @param supersampling the drawing is rendered this many times larger than asked for, then cropped and averaged down
 * @returns `uint8[size, size, 3]`, all white when nothing is visible
 * @throws DataError when sharp cannot be loaded; sharp's error for an SVG that cannot be drawn
 */
export async function drawSvg(svg: string, size: number, supersampling = 3): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const { data, info } = await sharp(Buffer.from(withSide(svg, size * supersampling)))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return fitOnWhite({ width: info.width, height: info.height, data }, size);
}

/**
 * Runs `work` with one thread of sharp for each picture: more get in each other's way in a small one. The caller's setting comes back
 * afterwards.
 */
export async function withOneThreadEach<T>(work: () => Promise<T>): Promise<T> {
  const sharp = await loadSharp();
  const concurrency = sharp.concurrency();
  sharp.concurrency(1);
  try {
    return await work();
  } finally {
    sharp.concurrency(concurrency);
  }
}

/** Loaded only when pictures have to be drawn: a cached data set never needs it. */
async function loadSharp() {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DataError(
      'DATA_NOT_FOUND',
      `sharp, which draws the emoji, cannot be loaded (${(cause as Error).message.split('\n')[0]}); install it again on this machine: npm install sharp`,
      { cause },
    );
  }
}

/** Gives the root element the size in pixels at which it is to be drawn; its longer side becomes `side`. */
function withSide(svg: string, side: number): string {
  const [, , width = 1, height = 1] = (/viewBox="([^"]+)"/.exec(svg)?.[1] ?? '0 0 1 1')
    .split(/[\s,]+/)
    .map(Number);
  const scale = side / Math.max(width, height);
  return svg.replace('<svg', `<svg width="${width * scale}" height="${height * scale}"`);
}
