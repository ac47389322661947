import { describe } from 'vitest';
import { withBackend } from '../with-backend';
import { describeCacheReorder } from './cache-reorder';
import { describeCacheWrite } from './cache-write';
import { describeMask } from './mask';
import { describePrefixAttention } from './prefix-attention';

/**
 * The fused operations of `@simvlm/attention` on `backendName`: values and gradients against float64, the mask against
 * pictures drawn by hand, writes to a cache and its rows in another order. `ready` registers the backend.
 */
export function describeAttention(backendName: string, ready: () => Promise<void>): void {
  describe(`attention on ${backendName}`, () => {
    withBackend(backendName, ready);
    describePrefixAttention();
    describeMask();
    describeCacheWrite();
    describeCacheReorder();
  });
}
