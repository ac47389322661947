import { cacheWrite } from '@simvlm/attention';
import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../fused/problem';
import { draw, filled, ints, type Values } from '../fused/values';

async function write(cache: Values, update: Values, positions: readonly number[]): Promise<number[]> {
  const { y } = await evaluate(
    {
      inputs: { cache, update, positions: ints([positions.length], positions) },
      run: tensors =>
        cacheWrite(
          tensors.cache as tf.Tensor4D,
          tensors.update as tf.Tensor4D,
          tensors.positions as tf.Tensor1D,
        ),
      by: [],
      dy: cache,
    },
    false,
  );
  return [...y];
}

export function describeCacheWrite(): void {
  describe('cache write', () => {
    const { normal } = draw('cache write');

    test('puts each row at its own position; places outside of the cache are not written', async () => {
      const cache = normal([4, 4, 2, 3]);
      const update = normal([4, 2, 2, 3]);
      const want = cache.data.slice();
      want.set(update.data.slice(0, 12), 0);
      want.set(update.data.slice(12, 24), 24 + 12);
      // The third row has room for one token only, the fourth for its second one only.
      want.set(update.data.slice(24, 30), 48 + 18);
      want.set(update.data.slice(42, 48), 72);
      expect(await write(cache, update, [0, 2, 3, -1])).toEqual([...want]);
    });

    test.each([
      { capacity: 1, heads: 1, depth: 1 },
      { capacity: 17, heads: 3, depth: 7 },
    ])('of one token into $capacity places, $heads heads of $depth', async ({ capacity, heads, depth }) => {
      const cache = normal([3, capacity, heads, depth]);
      const update = normal([3, 1, heads, depth]);
      const positions = [0, capacity - 1, capacity >> 1];
      const size = heads * depth;
      const want = cache.data.slice();
      positions.forEach((position, b) => {
        want.set(update.data.slice(b * size, (b + 1) * size), (b * capacity + position) * size);
      });
      expect(await write(cache, update, positions)).toEqual([...want]);
    });

    test('writes over whatever stood there, NaN too', async () => {
      const update = normal([1, 2, 1, 3]);
      expect(await write(filled([1, 2, 1, 3], Number.NaN), update, [0])).toEqual([...update.data]);
    });

    test('of no rows gives no rows', async () => {
      expect(await write(normal([0, 4, 1, 3]), normal([0, 1, 1, 3]), [])).toEqual([]);
    });
  });
}
