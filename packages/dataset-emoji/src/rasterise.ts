import { availableParallelism } from 'node:os';
import type { CatalogPicture } from './catalog';
import { drawSvg, withOneThreadEach } from './draw-svg';

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
  const bytes = size * size * 3;
  const pixels = new Uint8Array(pictures.length * bytes);
  const failures = new Map<number, string>();
  let next = 0;
  let done = 0;
  const draw = async (index: number) => {
    try {
      pixels.set(await drawSvg(pictures[index]!.svg(), size), index * bytes);
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
  await withOneThreadEach(async () => {
    const results = await Promise.allSettled(
      Array.from({ length: Math.min(MAX_IN_FLIGHT, Math.max(2, availableParallelism())) }, worker),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  });
  return { pixels, failures };
}
