import { cacheReorder } from '@simvlm/attention';
import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../fused/problem';
import { draw, ints, type Values } from '../fused/values';

async function reorder(cache: Values, rows: readonly number[]): Promise<number[]> {
  const { y } = await evaluate(
    {
      inputs: { cache, rows: ints([rows.length], rows) },
      run: tensors => cacheReorder(tensors.cache as tf.Tensor4D, tensors.rows as tf.Tensor1D),
      by: [],
      dy: cache,
    },
    false,
  );
  return [...y];
}

export function describeCacheReorder(): void {
  describe('cache reorder', () => {
    const { normal } = draw('cache reorder');

    test.each([
      { name: 'changes the places of rows', rows: [2, 0, 1] },
      { name: 'may repeat a row and leave one out', rows: [1, 1, 0] },
      { name: 'may leave all where they are', rows: [0, 1, 2] },
    ])('$name', async ({ rows }) => {
      for (const [capacity, heads, depth] of [
        [4, 2, 3],
        [17, 3, 7],
        [1, 1, 1],
      ] as const) {
        const cache = normal([3, capacity, heads, depth]);
        const size = capacity * heads * depth;
        const want = rows.flatMap(row => [...cache.data.slice(row * size, (row + 1) * size)]);
        expect(await reorder(cache, rows)).toEqual(want);
      }
    });

    test('of no rows gives no rows', async () => {
      expect(await reorder(normal([0, 4, 1, 3]), [])).toEqual([]);
    });
  });
}
