import { expect, test } from 'vitest';
import { meanInterval } from './mean-interval';

/** `scipy.stats.t.ppf(0.975, n)` of SciPy 1.17.1. */
const quantiles = [
  [1, 12.706205],
  [2, 4.302653],
  [3, 3.182446],
  [4, 2.776445],
  [5, 2.570582],
  [9, 2.262157],
  [30, 2.042272],
  [31, 2.039513],
  [1000, 1.962339],
] as const;

test.each(quantiles)(
  'with %i degrees of freedom 95 % of Student’s distribution is within %d',
  (n, expected) => {
    // Values ±1, one of them 0 where their number is odd: mean 0, variance known.
    const values = Array.from({ length: n + 1 }, (_, i) =>
      n % 2 === 0 && i === n ? 0 : i % 2 === 0 ? 1 : -1,
    );
    const variance = values.reduce<number>((sum, value) => sum + value ** 2, 0) / n;
    const { mean, half } = meanInterval(values);
    expect(mean).toBeCloseTo(0, 12);
    expect(half! / Math.sqrt(variance / (n + 1))).toBeCloseTo(expected, 5);
  },
);

test('of three seeds it is what a textbook has', () => {
  // s = 2, t = 4.302653: 4.302653 · 2 / √3.
  const { mean, half } = meanInterval([10, 12, 14]);
  expect(mean).toBe(12);
  expect(half).toBeCloseTo(4.968275, 5);
});

test('values that are all the same have an interval of nothing, one value has none, no value has no mean', () => {
  expect(meanInterval([0.5, 0.5, 0.5])).toEqual({ mean: 0.5, half: 0 });
  expect(meanInterval([0.5])).toEqual({ mean: 0.5 });
  expect(meanInterval([]).mean).toBeNaN();
});
