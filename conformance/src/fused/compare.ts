import { expect } from 'vitest';
import type { ValueMap, Values } from './values';

/** The largest |got − want| / (1 + |want|); NaN and infinities must stand in the same places. */
export function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let result = 0;
  for (let i = 0; i < got.length; i++) {
    const a = got[i]!;
    const b = want[i]!;
    if (Object.is(a, b) || a === b) continue;
    const error = Math.abs(a - b) / (1 + Math.abs(b));
    if (!(error <= result)) result = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return result;
}

export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
  what = 'output',
): void {
  expect(got.length, `length of ${what}`).toBe(want.length);
  expect(worst(got, want), what).toBeLessThan(tolerance);
}

/** Step of the central differences: their error is about step², and 1e-16 / step from rounding. */
const STEP = 1e-5;

/**
 * The gradient of Σ dy · f(inputs) by the numbers `picked` of the input `name`, from central differences in float64.
 */
export function numericGradient(
  f: (inputs: ValueMap) => Float64Array,
  inputs: ValueMap,
  name: string,
  dy: Values,
  picked: readonly number[],
): number[] {
  const value = inputs[name]!;
  const weighted = (i: number, x: number) => {
    const data = value.data.slice();
    data[i] = x;
    const y = f({ ...inputs, [name]: { ...value, data } });
    return y.reduce((sum, item, j) => sum + item * dy.data[j]!, 0);
  };
  return picked.map(
    i => (weighted(i, value.data[i]! + STEP) - weighted(i, value.data[i]! - STEP)) / (2 * STEP),
  );
}

/**
 * Which of `count` numbers to differentiate by: all, or where that takes long the first ones, the last ones (kernels go
 * wrong at their ends) and some between.
 */
export function sampleOf(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  const third = Math.max(1, Math.floor(most / 3));
  // An odd stride, so that it does not meet the same column again and again.
  const stride = Math.floor(count / third) | 1;
  const picked = new Set<number>();
  for (let i = 0; i < third; i++) {
    picked.add(i).add(count - 1 - i);
    if (i * stride < count) picked.add(i * stride);
  }
  return [...picked];
}
