import { ShapeError } from '@simvlm/core';
import { checkShape } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { cacheReorder } from './cache-reorder/op';
import { cacheWrite } from './cache-write/op';

/**
 * Keys and values of one attention layer while decoding: a fixed capacity, so that every step has the same shapes, and a
 * place of its own for each row, so that rows of different lengths share a batch.
 *
 * The cache owns its tensors; `dispose()` frees them. It holds two tensors, whatever is appended.
 */
export class KvCache {
  #k: tf.Tensor4D;
  #v: tf.Tensor4D;

  /**
   * @param shape batch B, capacity Tmax in tokens, heads H, head width d
   */
  constructor(shape: { batch: number; capacity: number; heads: number; depth: number }) {
    const extents: [number, number, number, number] = [shape.batch, shape.capacity, shape.heads, shape.depth];
    this.#k = tf.keep(tf.zeros(extents));
    try {
      this.#v = tf.keep(tf.zeros(extents));
    } catch (error) {
      // Whoever has no memory for the values does not lose that of the keys.
      this.#k.dispose();
      throw error;
    }
  }

  /**
   * A cache of its own whose row r holds what row `rows[r]` holds here: one prefix for many continuations.
   *
   * @param rows `int32[B′]`, each from 0 to B − 1
   */
  select(rows: tf.Tensor1D): KvCache {
    const [, capacity, heads, depth] = this.#k.shape;
    const chosen = new KvCache({ batch: 0, capacity, heads, depth });
    chosen.#k = replace(chosen.#k, tf.gather(this.#k, rows));
    chosen.#v = replace(chosen.#v, tf.gather(this.#v, rows));
    return chosen;
  }

  /** `float32[B, Tmax, H, d]`, owned by the cache. */
  get k(): tf.Tensor4D {
    return this.#k;
  }

  /** `float32[B, Tmax, H, d]`, owned by the cache. */
  get v(): tf.Tensor4D {
    return this.#v;
  }

  /**
   * Writes keys and values of `Tn` new tokens: token t of row b goes to place `positions[b] + t`.
   *
   * @param k `float32[B, Tn, H, d]`
   * @param v `float32[B, Tn, H, d]`
   * @param positions `int32[B]`
   * @throws ShapeError when they do not fit; the cache then stays as it was
   */
  write(k: tf.Tensor4D, v: tf.Tensor4D, positions: tf.Tensor1D): void {
    if (k.shape[1] > this.#k.shape[1]) {
      throw new ShapeError(`KvCache: ${k.shape[1]} tokens do not fit a capacity of ${this.#k.shape[1]}`);
    }
    // Before the first write, so that a cache never holds keys without their values.
    checkShape('KvCache', 'v', v, k.shape);
    this.#k = replace(this.#k, cacheWrite(this.#k, k, positions, { owned: true }));
    this.#v = replace(this.#v, cacheWrite(this.#v, v, positions, { owned: true }));
  }

  /**
   * Row r becomes what row `rows[r]` was, as beams do that go on from one another. A recorded step moves the rows within the memory of the
   * cache, so that other recordings find them there.
   *
   * @param rows `int32[B]`, each from 0 to B − 1
   * @throws ShapeError when there is not one for each row
   */
  reorder(rows: tf.Tensor1D): void {
    this.#k = replace(this.#k, cacheReorder(this.#k, rows));
    this.#v = replace(this.#v, cacheReorder(this.#v, rows));
  }

  dispose(): void {
    this.#k.dispose();
    this.#v.dispose();
  }
}

function replace(old: tf.Tensor4D, next: tf.Tensor4D): tf.Tensor4D {
  old.dispose();
  return tf.keep(next);
}
