import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** The unit roundoff of bfloat16: half a unit in the last place, relative; it has eight significant bits. */
export const ROUNDOFF = 2 ** -8;
const FLOAT32_ROUNDOFF = 2 ** -24;

/** The nearest number of bfloat16, the even one of two. */
export function toBfloat16(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0]!;
}

/** Each result of a bilinear function, such as a product of matrices, is a sum of products of two numbers. */
export type Bilinear = (x: tf.Tensor, y: tf.Tensor) => tf.Tensor;

export interface Sums {
  /** The sums, and what the products' sizes and squares sum to, in float32. */
  readonly exact: ArrayLike<number>;
  readonly sizes: ArrayLike<number>;
  readonly squares: ArrayLike<number>;
  /** Products in the longest of the sums. */
  readonly terms: number;
}

/** What `f` sums up, for `x` and `y`. */
export function sumsOf(f: Bilinear, x: tf.Tensor, y: tf.Tensor, terms: number): Sums {
  return tf.tidy(() => ({
    exact: f(x, y).dataSync(),
    sizes: f(tf.abs(x), tf.abs(y)).dataSync(),
    squares: f(tf.square(x), tf.square(y)).dataSync(),
    terms,
  }));
}

/**
 * Holds what bfloat16 gave for sums of products of random signs to the bounds of `src/sums.ts`: each number to that of the worst case,
 * and all of them together to the standard deviation of independent roundings, which is much less, as errors cancel.
 *
 * @param parts in which each sum is made: 1 where only the result is rounded, `terms` where each product and each addition is
 */
export function expectRounded(
  got: ArrayLike<number>,
  { exact, sizes, squares, terms }: Sums,
  parts: number,
): void {
  // Two operands, each part, and each addition of one; a sum of float32 numbers adds its own roundings on both sides.
  const worst = (1 + ROUNDOFF) ** (2 + parts) - 1 + 2 * terms * FLOAT32_ROUNDOFF;
  // A rounding that is uniform in ±u has the variance u² / 3. Parts of random signs have the variance of the whole together, and a
  // partial sum at most that of the whole.
  const variance = (ROUNDOFF ** 2 / 3) * (2 + 1 + (parts - 1));
  let [error, allowed] = [0, 0];
  for (let i = 0; i < exact.length; i++) {
    const difference = Math.abs(got[i]! - exact[i]!);
    expect(difference, `number ${i}`).toBeLessThanOrEqual(worst * sizes[i]!);
    error += difference ** 2 / exact.length;
    allowed += (variance * squares[i]!) / exact.length;
  }
  expect(Math.sqrt(error)).toBeLessThan(Math.sqrt(allowed));
}
