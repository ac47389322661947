import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

type BufferManager = WebGPUBackend['bufferManager'];

/** What tfjs's pool keeps to itself. */
interface Internals {
  /** Buffers for the next who asks for such a one, by size and usage. */
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
}

/**
 * Bounds tfjs's pool of freed buffers. It reuses a buffer only for a tensor of the very same size and never lets go of one: a training
 * step, whose gradients come as its activations go, would hold both at once.
 *
 * From here on all buffers together take no more than those in use have taken at their most: before a new one would exceed that, free
 * ones are destroyed, the largest first, since so the fewest have to be made again in the next step. What is free was submitted before it
 * was given back: commands that still run keep what they need.
 */
export function boundPool(pool: BufferManager): void {
  const internals = pool as unknown as Internals;
  const { acquireBuffer } = pool;
  let mostUsed = 0;

  pool.acquireBuffer = (size, usage, mappedAtCreation, reuse = true) => {
    if (!reuse || !internals.freeBuffers.get(`${size}_${usage}`)?.length)
      makeRoom(size, Math.max(mostUsed, pool.numBytesUsed + size));
    const buffer = acquireBuffer.call(pool, size, usage, mappedAtCreation, reuse);
    mostUsed = Math.max(mostUsed, pool.numBytesUsed);
    return buffer;
  };

  function makeRoom(size: number, limit: number): void {
    while (pool.numBytesAllocated + size > limit) {
      const buffer = largestFree()?.pop();
      if (!buffer) return;
      internals.numFreeBuffers--;
      pool.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
  }

  function largestFree(): GPUBuffer[] | undefined {
    let found: GPUBuffer[] | undefined;
    for (const buffers of internals.freeBuffers.values())
      if (buffers[0] && buffers[0].size > (found?.[0]?.size ?? 0)) found = buffers;
    return found;
  }
}
