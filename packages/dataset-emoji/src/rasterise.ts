import { availableParallelism } from 'node:os';
import { DataError } from '@simvlm/core';
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

/** The pixels of all pictures, and why some could not be drawn. */
export interface Drawn {
  /** `uint8[n, size, size, 3]`, in the order of the pictures; zeros for one that could not be drawn. */
  readonly pixels: Uint8Array;
  /** index → reason */
  readonly failures: ReadonlyMap<number, string>;
}

/**
 * Draws all pictures. One that cannot be drawn does not stop the others.
 *
 * @throws DataError when sharp cannot be loaded; the signal's reason on abort
 */
export async function rasterise(
  pictures: readonly CatalogPicture[],
  { size, onProgress, signal }: RasteriseOptions,
): Promise<Drawn> {
  const sharp = await loadSharp();
  const bytes = size * size * 3;
  const pixels = new Uint8Array(pictures.length * bytes);
  const failures = new Map<number, string>();
  let next = 0;
  let done = 0;
  const draw = async (index: number) => {
    try {
      const svg = withSide(pictures[index]!.svg(), size * SUPERSAMPLING);
      const { data, info } = await sharp(Buffer.from(svg))
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      pixels.set(fitOnWhite({ width: info.width, height: info.height, data }, size), index * bytes);
    } catch (error) {
      failures.set(index, `${pictures[index]!.id}: ${(error as Error).message.replace(/\s*\n\s*/g, ' ')}`);
    }
  };
  const worker = async () => {
    try {
      while (next < pictures.length) {
        signal?.throwIfAborted();
        await draw(next++);
        onProgress?.(++done, pictures.length);
      }
    } catch (error) {
      // What stops one worker (an abort, a caller's error) stops all.
      next = pictures.length;
      throw error;
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
  return { pixels, failures };
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
