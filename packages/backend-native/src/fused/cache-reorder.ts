import { fusedKernel } from '@simvlm/ops';
import { kernel, type NativeKernel, type Of, toLong } from '../kernels/kernel';
import { isRecording } from '../recording';
import type { CacheWriteAttrs } from './cache-write';

/** The rows of a key-value cache in another order; where the step is recorded, in the cache's own memory. */
export const cacheReorder: NativeKernel = kernel<Of<'cache' | 'rows'>, CacheWriteAttrs>(
  fusedKernel.cacheReorder,
  (b, { cache, rows }, { inPlace = isRecording(b) }) => {
    const chosen = b.op('index_select', b.input(cache), 0, toLong(b, b.input(rows)));
    if (!inPlace) return [b.output(chosen, cache.shape, 'float32')];
    b.op('copy_', b.input(cache), chosen);
    b.overwritten(cache);
    return [b.share(cache)];
  },
);
