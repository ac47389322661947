import { availableParallelism } from 'node:os';
import type { CatalogPicture } from './catalog';
import { fitOnWhite } from './resample';

/** The drawing is rendered this many times larger than asked for, then cropped and averaged down. */
const SUPERSAMPLING = 3;

/** Node's thread pool has four threads, and sharp runs one picture on each. */
const MAX_IN_FLIGHT = 4;

export interface RasteriseOptions {
  /** Side of the result in pixels. */
  readonly size: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Draws all pictures: `uint8[n, size, size, 3]`, in their order. Rejects with the signal's reason on abort. */
export async function rasterise(
  pictures: readonly CatalogPicture[],
  { size, onProgress, signal }: RasteriseOptions,
): Promise<Uint8Array> {
  // Loaded only when pictures have to be drawn: a cached data set never needs it.
  const { default: sharp } = await import('sharp');
  const bytes = size * size * 3;
  const pixels = new Uint8Array(pictures.length * bytes);
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < pictures.length) {
      signal?.throwIfAborted();
      const index = next++;
      const svg = withSide(pictures[index]!.svg(), size * SUPERSAMPLING);
      const { data, info } = await sharp(Buffer.from(svg))
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      pixels.set(fitOnWhite({ width: info.width, height: info.height, data }, size), index * bytes);
      onProgress?.(++done, pictures.length);
    }
  };
  // Threads inside one small picture only get in each other's way; the caller's setting comes back afterwards.
  const concurrency = sharp.concurrency();
  sharp.concurrency(1);
  try {
    const results = await Promise.allSettled(
      Array.from({ length: Math.min(MAX_IN_FLIGHT, Math.max(2, availableParallelism())) }, worker),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } finally {
    sharp.concurrency(concurrency);
  }
  return pixels;
}

/** Gives the root element the size in pixels at which it is to be drawn; its longer side becomes `side`. */
export function withSide(svg: string, side: number): string {
  const [, , width = 1, height = 1] = (/viewBox="([^"]+)"/.exec(svg)?.[1] ?? '0 0 1 1')
    .split(/[\s,]+/)
    .map(Number);
  const scale = side / Math.max(width, height);
  return svg.replace('<svg', `<svg width="${width * scale}" height="${height * scale}"`);
}
