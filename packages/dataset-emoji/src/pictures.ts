import { type CacheEntry, cacheFolder, cacheKey, readCache, writeCache } from './cache';
import type { CatalogPicture } from './catalog';
import { type Drawn, type RasteriseOptions, rasterise } from './rasterise';
import { ARTISTS, packageInfo } from './sources';

/** Raised by whoever changes what the same drawing looks like: draw-svg.ts, resample.ts, iconify.ts. */
const FORMAT = 1;

export interface PictureOptions extends RasteriseOptions {
  readonly cacheDir?: string;
  /** Told about a cache that cannot be used. */
  readonly onWarning: (message: string) => void;
}

/** The pixels of all pictures, from the cache or drawn and then cached. A cache that cannot be used is only warned of. */
export async function loadPictures(
  pictures: readonly CatalogPicture[],
  { cacheDir, onWarning, ...options }: PictureOptions,
): Promise<Drawn & { cached: boolean }> {
  const { size, signal } = options;
  const entry: CacheEntry = {
    folder: cacheFolder(cacheDir),
    size,
    bytes: pictures.length * size * size * 3,
    key: cacheKey({
      format: FORMAT,
      size,
      packages: [...ARTISTS.map(({ packageName }) => packageName), 'sharp'].map(name => [
        name,
        packageInfo(name).version,
      ]),
      // The names of the pictures stand for the labels and for how they were matched.
      pictures: pictures.map(({ id }) => id),
    }),
  };
  const cached = await attempt(() => readCache(entry), onWarning);
  if (cached) return { pixels: cached, failures: new Map(), cached: true };
  const drawn = await rasterise(pictures, options);
  signal?.throwIfAborted();
  // What failed this time is tried again next time, so an incomplete set is not kept.
  if (drawn.failures.size === 0) await attempt(() => writeCache(entry, drawn.pixels), onWarning);
  return { ...drawn, cached: false };
}

async function attempt<T>(
  action: () => Promise<T>,
  onWarning: (message: string) => void,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    onWarning((error as Error).message);
    return undefined;
  }
}
