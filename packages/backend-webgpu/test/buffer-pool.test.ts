import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect } from 'vitest';
import { webGpuBackend } from '../src/index';
import { describe, ready, test } from './node';

describe('the pool of freed buffers', () => {
  beforeAll(async () => {
    await ready();
    await tf.setBackend('webgpu');
  });

  /** Makes tensors of that many numbers, all at once, and sums what is in them. */
  async function sumOf(count: number, length: number): Promise<number> {
    const sum = tf.tidy(() =>
      tf.addN(Array.from({ length: count }, (_, i) => tf.fill([length], i + 1)).map(x => tf.sum(x))),
    );
    const [value] = await sum.data();
    sum.dispose();
    return value!;
  }

  test('takes no more than tensors have taken at their most, and changes no result', async () => {
    const pool = webGpuBackend()!.bufferManager;
    // Sizes that no other test has, each needing what the one before leaves behind.
    const lengths = [300_007, 250_013, 350_003, 300_007];
    const seen: number[] = [];
    for (const length of lengths) {
      expect(await sumOf(8, length)).toBeCloseTo(36 * length, -3);
      seen.push(pool.numBytesAllocated);
    }
    const largest = 8 * 350_003 * 4;
    // Beside it what else lives, and the few numbers of each sum.
    expect(Math.max(...seen)).toBeLessThan(seen[0]! - 8 * 300_007 * 4 + largest + 100_000);
    expect(pool.getNumFreeBuffers()).toBe(
      [...(pool as unknown as { freeBuffers: Map<string, unknown[]> }).freeBuffers.values()].flat().length,
    );
  });
});
