/** The optimiser's step: the norm of all gradients, and AdamW. */

import { float, ptr } from './lib/args';
import { at } from './lib/fused-address';
import { mulAdd } from './lib/fused-math';

/** The numbers of four accumulators, in float64, lane by lane. */
// @ts-ignore: decorator
@inline
function sumWide(a: v128): f64 {
  return (
    <f64>f32x4.extract_lane(a, 0) +
    <f64>f32x4.extract_lane(a, 1) +
    <f64>f32x4.extract_lane(a, 2) +
    <f64>f32x4.extract_lane(a, 3)
  );
}

/**
 * segments (pairs: pointer, count), partial float64[segments]; items are segments: Σ x² of each. Runs of 512 numbers are
 * added in float32 lanes, the runs in float64.
 */
export function fusedSumSquares(args: usize, begin: i32, end: i32): void {
  for (let segment = begin; segment < end; segment++) {
    const x = ptr(at(ptr(args, 0), 2 * segment), 0);
    const count = load<i32>(at(ptr(args, 0), 2 * segment + 1));
    let total: f64 = 0;
    let i = 0;
    while (i <= count - 16) {
      let a = f32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      const stop = min(i + 512, count) - 16;
      for (; i <= stop; i += 16) {
        const p = v128.load(at(x, i));
        const q = v128.load(at(x, i), 16);
        const r = v128.load(at(x, i), 32);
        const s = v128.load(at(x, i), 48);
        a = mulAdd(p, p, a);
        b = mulAdd(q, q, b);
        c = mulAdd(r, r, c);
        d = mulAdd(s, s, d);
      }
      total += sumWide(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    }
    for (; i < count; i++) {
      const p = <f64>load<f32>(at(x, i));
      total += p * p;
    }
    store<f64>(ptr(args, 1) + (<usize>segment << 3), total);
  }
}

/**
 * param, grad, m, v, gradScale, new param, new m, new v, beta1, 1 − beta1, beta2, 1 − beta2, 1/(1 − beta1^t),
 * 1/(1 − beta2^t), epsilon, learning rate, learning rate · weight decay; items are numbers
 */
export function fusedAdamW(args: usize, begin: i32, end: i32): void {
  const scale = load<f32>(ptr(args, 4));
  const beta1 = float(args, 8);
  const rest1 = float(args, 9);
  const beta2 = float(args, 10);
  const rest2 = float(args, 11);
  const correct1 = float(args, 12);
  const correct2 = float(args, 13);
  const epsilon = float(args, 14);
  const rate = float(args, 15);
  const decay = float(args, 16);
  let i = begin;
  for (; i <= end - 4; i += 4) {
    const p = v128.load(at(ptr(args, 0), i));
    const g = f32x4.mul(v128.load(at(ptr(args, 1), i)), f32x4.splat(scale));
    const m = mulAdd(v128.load(at(ptr(args, 2), i)), f32x4.splat(beta1), f32x4.mul(g, f32x4.splat(rest1)));
    const v = mulAdd(
      v128.load(at(ptr(args, 3), i)),
      f32x4.splat(beta2),
      f32x4.mul(f32x4.mul(g, g), f32x4.splat(rest2)),
    );
    const denominator = f32x4.add(
      f32x4.sqrt(f32x4.mul(v, f32x4.splat(correct2))),
      f32x4.splat(epsilon),
    );
    const step = f32x4.div(f32x4.mul(m, f32x4.splat(correct1)), denominator);
    const change = mulAdd(step, f32x4.splat(rate), f32x4.mul(p, f32x4.splat(decay)));
    v128.store(at(ptr(args, 5), i), f32x4.sub(p, change));
    v128.store(at(ptr(args, 6), i), m);
    v128.store(at(ptr(args, 7), i), v);
  }
  for (; i < end; i++) {
    const p = load<f32>(at(ptr(args, 0), i));
    const g = load<f32>(at(ptr(args, 1), i)) * scale;
    const m = load<f32>(at(ptr(args, 2), i)) * beta1 + g * rest1;
    const v = load<f32>(at(ptr(args, 3), i)) * beta2 + g * g * rest2;
    const step = (m * correct1) / (sqrt<f32>(v * correct2) + epsilon);
    store<f32>(at(ptr(args, 5), i), p - (step * rate + p * decay));
    store<f32>(at(ptr(args, 6), i), m);
    store<f32>(at(ptr(args, 7), i), v);
  }
}
