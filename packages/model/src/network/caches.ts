import { KvCache } from '@simvlm/attention';
import type { ModelCore } from './contract';

/** A cache for each layer, whose rows have room for so many tokens. */
export function makeCaches({ config }: ModelCore, batch: number, capacity: number): KvCache[] {
  const { layers, heads, width } = config;
  const shape = { batch, capacity, heads, depth: width / heads };
  const caches: KvCache[] = [];
  return orElse(
    () => {
      while (caches.length < layers) caches.push(new KvCache(shape));
      return caches;
    },
    () => {
      for (const cache of caches) cache.dispose();
    },
  );
}

/** What is made; where there is no memory for it, what was made before it is freed. */
export function orElse<T>(make: () => T, free: () => void): T {
  try {
    return make();
  } catch (error) {
    free();
    throw error;
  }
}
