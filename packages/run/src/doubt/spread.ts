import { principalDirections } from './principal';

/** Where the features of known pictures lie: a Gaussian with a few directions of its own, and one variance for all others. */
export interface Spread {
  /** `[W]` */
  readonly mean: readonly number[];
  /** Unit vectors, `[K, W]`. */
  readonly directions: readonly (readonly number[])[];
  /** Variance along each direction, `[K]`. */
  readonly variances: readonly number[];
  /** Mean variance along everything else. */
  readonly rest: number;
}

/** Directions of their own. With 32 of 128 the bundled model is as good as with all, in a quarter of the space. */
const DIRECTIONS = 32;

/** Pictures that a direction needs to be more than chance. */
const PICTURES_A_DIRECTION = 4;

/** @param rows features of known pictures, `[W]` each, two at least */
export function spreadOf(rows: readonly Float32Array[]): Spread {
  const width = rows[0]!.length;
  const mean = Float64Array.from({ length: width }, (_, i) => meanOf(rows, row => row[i]!));
  const covariance = new Float64Array(width * width);
  for (const row of rows)
    for (let i = 0; i < width; i++) {
      const a = (row[i]! - mean[i]!) / rows.length;
      for (let j = 0; j <= i; j++) covariance[i * width + j]! += a * (row[j]! - mean[j]!);
    }
  let total = 0;
  for (let i = 0; i < width; i++) {
    total += covariance[i * width + i]!;
    for (let j = 0; j < i; j++) covariance[j * width + i] = covariance[i * width + j]!;
  }
  const count = Math.min(DIRECTIONS, width - 1, Math.max(1, Math.floor(rows.length / PICTURES_A_DIRECTION)));
  const directions = principalDirections(covariance, count);
  const held = directions.reduce((sum, { variance }) => sum + variance, 0);
  const floor = (1e-6 * total) / width || Number.MIN_VALUE;
  return {
    mean: [...mean],
    directions: directions.map(({ vector }) => [...vector]),
    variances: directions.map(({ variance }) => Math.max(variance, floor)),
    rest: Math.max((total - held) / (width - count), floor),
  };
}

/**
 * How far features are from the middle of the known ones, in standard deviations: the Mahalanobis distance (Lee et al., "A Simple Unified
 * Framework for Detecting Out-of-Distribution Samples", 2018), here of one Gaussian for all pictures.
 *
 * @param features `[W]`
 * @param middle default: the mean of the known pictures
 */
export function distanceOf(
  { mean, directions, variances, rest }: Spread,
  features: ArrayLike<number>,
  middle: ArrayLike<number> = mean,
): number {
  let beside = 0;
  for (let i = 0; i < mean.length; i++) beside += (features[i]! - middle[i]!) ** 2;
  let squared = 0;
  for (const [k, direction] of directions.entries()) {
    let along = 0;
    for (let i = 0; i < mean.length; i++) along += direction[i]! * (features[i]! - middle[i]!);
    beside -= along ** 2;
    squared += along ** 2 / variances[k]!;
  }
  return Math.sqrt(squared + Math.max(0, beside) / rest);
}

function meanOf<T>(values: readonly T[], number: (value: T) => number): number {
  return values.reduce((sum, value) => sum + number(value), 0) / values.length;
}
