/** The exponential, and sums and maxima across lanes. */

import { splat } from './math';

// @ts-ignore: decorator
@inline
export function mulAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/** 1.5 · 2^23: adding it leaves the nearest integer in the low bits of the mantissa. */
const ROUND_MAGIC: f32 = 12582912.0;
const LOG2_E: f32 = 1.44269504088896341;
/** ln 2 in two parts: the high one has so few bits that n · LN2_HIGH is exact for |n| ≤ 2^9. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
/** The smallest float32 whose exponential is a normal number. */
const EXP_LOWEST: f32 = -87.33654;
/** The largest float32 whose exponential is finite. */
const EXP_HIGHEST: f32 = 88.72283;

/**
 * e^x within 1 ulp (minimax coefficients as in Moshier's Cephes); 0 below −87.34, ∞ above 88.72, NaN stays NaN. No
 * result is subnormal: `exp4`, which makes them, takes four times as long there, and masked scores lie there.
 */
// @ts-ignore: decorator
@inline
export function expf4(x: v128): v128 {
  const shifted = mulAdd(x, splat(LOG2_E), splat(ROUND_MAGIC));
  const n = f32x4.sub(shifted, splat(ROUND_MAGIC));
  let r = f32x4.sub(x, f32x4.mul(n, splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, splat(LN2_LOW)));
  let p = mulAdd(splat(1.9875691500e-4), r, splat(1.3981999507e-3));
  p = mulAdd(p, r, splat(8.3334519073e-3));
  p = mulAdd(p, r, splat(4.1665795894e-2));
  p = mulAdd(p, r, splat(1.6666665459e-1));
  p = mulAdd(p, r, splat(0.5));
  p = f32x4.add(mulAdd(p, f32x4.mul(r, r), r), splat(1));
  // n sits in the low bits of `shifted`: moved to the exponent's place and added there, it multiplies by 2^n.
  const scaled = i32x4.add(p, i32x4.shl(shifted, 23));
  const normal = v128.andnot(scaled, f32x4.lt(x, splat(EXP_LOWEST)));
  const finite = v128.bitselect(splat(Infinity), normal, f32x4.gt(x, splat(EXP_HIGHEST)));
  return v128.or(finite, f32x4.ne(x, x));
}

// @ts-ignore: decorator
@inline
export function expf1(x: f32): f32 {
  return f32x4.extract_lane(expf4(splat(x)), 0);
}

/** The sum of each vector's lanes, (0 + 2) + (1 + 3), as one vector: two rounds of interleaving and adding. */
// @ts-ignore: decorator
@inline
export function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
  return f32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3));
}

/** The largest lane of each vector, as one vector. */
// @ts-ignore: decorator
@inline
export function maxes4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.max(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
  const cd = f32x4.max(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
  return f32x4.max(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3));
}
