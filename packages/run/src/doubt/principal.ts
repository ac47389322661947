import { Random } from '@simvlm/core';

/** A direction in which vectors vary, and how much they do. */
export interface Direction {
  /** Unit vector, `[width]`. */
  readonly vector: Float64Array;
  /** Variance of the vectors along it. */
  readonly variance: number;
}

/** Rounds of the iteration. The directions need not be exact: together they only have to hold most of the variance. */
const ROUNDS = 50;

/**
 * The directions in which centred vectors vary most, largest variance first, by orthogonal iteration (Golub and Van Loan, "Matrix
 * Computations", section 7.3.2). The same vectors give the same directions.
 *
 * @param covariance `[width, width]`, row-major
 * @param count of directions, at most `width`
 */
export function principalDirections(covariance: Float64Array, count: number): Direction[] {
  const width = Math.sqrt(covariance.length);
  const random = Random.fromSeed(0).fork('directions');
  let basis: Float64Array[] = Array.from({ length: count }, () =>
    Float64Array.from({ length: width }, () => random.uniform() - 0.5),
  );
  orthonormalise(basis);
  for (let round = 0; round < ROUNDS; round++) {
    basis = basis.map(vector => product(covariance, vector));
    orthonormalise(basis);
  }
  return basis
    .map(vector => ({ vector, variance: dot(vector, product(covariance, vector)) }))
    .sort((a, b) => b.variance - a.variance);
}

/** Modified Gram-Schmidt, in place. What has no length of its own becomes the zero vector, which stands for no direction. */
function orthonormalise(basis: readonly Float64Array[]): void {
  for (const [i, vector] of basis.entries()) {
    for (const before of basis.slice(0, i)) {
      const along = dot(vector, before);
      for (let k = 0; k < vector.length; k++) vector[k]! -= along * before[k]!;
    }
    const length = Math.sqrt(dot(vector, vector));
    for (let k = 0; k < vector.length; k++) vector[k] = length > 1e-12 ? vector[k]! / length : 0;
  }
}

function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const { length } = vector;
  return Float64Array.from({ length }, (_, row) => dot(matrix.subarray(row * length), vector));
}

/** Over the length of `b`. */
function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
