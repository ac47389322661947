import { meanOf } from './mean';

/** A mean of several runs, and how far the true mean may lie from it. */
export interface MeanInterval {
  readonly mean: number;
  /** Half the width of the 95 % interval around the mean; absent for a single value, which says nothing of others. */
  readonly half?: number;
}

/**
 * The mean of independent values, such as those of several seeds, with its 95 % interval by Student's t (1908): mean ± t · s / √n, with n − 1
 * degrees of freedom. For values that are about normal it is exact even for three of them. A bootstrap of so few values is too narrow: it can draw
 * nothing outside them.
 *
 * @returns NaN for the mean of nothing
 */
export function meanInterval(values: readonly number[]): MeanInterval {
  const mean = meanOf(values);
  const n = values.length;
  if (n < 2) return { mean };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: studentQuantile(n - 1) * Math.sqrt(variance / n) };
}

/** What 95 % of the values of Student's distribution do not exceed in magnitude: 12.71, 4.30, 3.18, … for 1, 2, 3 degrees of freedom. */
function studentQuantile(degrees: number): number {
  let [low, high] = [0, Math.PI / 2];
  // The share grows with the angle. 60 halvings leave no bit undecided.
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (shareWithin(middle, degrees) < 0.95) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan(low);
}

/** Share of Student's distribution within ±√degrees · tan(angle), as a finite sum: Abramowitz and Stegun, 26.7.3 and 26.7.4. */
function shareWithin(angle: number, degrees: number): number {
  const isOdd = degrees % 2 === 1;
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= cosine ** 2 * ((power - 1) / power);
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
