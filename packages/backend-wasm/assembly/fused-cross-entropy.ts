/** Softmax cross-entropy. R rows of V logits; the target of a row is (1 − s) · onehot(label) + s / V. Items are rows. */

import { float, int, ptr } from './lib/args';
import { at, clear } from './lib/fused-address';
import { expf1, expf4, mulAdd } from './lib/fused-math';
import { log1, max4, sum4 } from './lib/math';

// @ts-ignore: decorator
@inline
function maxOfRow(x: usize, width: i32): f32 {
  let best: f32 = -Infinity;
  let i = 0;
  if (width >= 8) {
    let a = v128.load(x);
    let b = v128.load(x, 16);
    for (i = 8; i <= width - 8; i += 8) {
      a = f32x4.max(a, v128.load(at(x, i)));
      b = f32x4.max(b, v128.load(at(x, i), 16));
    }
    best = max4(f32x4.max(a, b));
  }
  for (; i < width; i++) best = max(best, load<f32>(at(x, i)));
  return best;
}

// @ts-ignore: decorator
@inline
function sumOfExp(x: usize, width: i32, shift: f32): f32 {
  const m = f32x4.splat(shift);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let i = 0;
  for (; i <= width - 8; i += 8) {
    a = f32x4.add(a, expf4(f32x4.sub(v128.load(at(x, i)), m)));
    b = f32x4.add(b, expf4(f32x4.sub(v128.load(at(x, i), 16), m)));
  }
  let sum = sum4(f32x4.add(a, b));
  for (; i < width; i++) sum += expf1(load<f32>(at(x, i)) - shift);
  return sum;
}

// @ts-ignore: decorator
@inline
function meanOfRow(x: usize, width: i32, shift: f32): f32 {
  const m = f32x4.splat(shift);
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i <= width - 4; i += 4) sums = f32x4.add(sums, f32x4.sub(v128.load(at(x, i)), m));
  let sum = sum4(sums);
  for (; i < width; i++) sum += load<f32>(at(x, i)) - shift;
  return sum / <f32>width + shift;
}

/** logits, labels, weights, loss, lse, V, label smoothing. A row of weight 0 has loss 0, whatever its label. */
export function fusedCrossEntropy(args: usize, begin: i32, end: i32): void {
  const width = int(args, 5);
  const smoothing = float(args, 6);
  for (let row = begin; row < end; row++) {
    const x = at(ptr(args, 0), row * width);
    const label = load<i32>(at(ptr(args, 1), row));
    const weight = load<f32>(at(ptr(args, 2), row));
    const largest = maxOfRow(x, width);
    const lse = largest + log1(sumOfExp(x, width, largest));
    store<f32>(at(ptr(args, 4), row), lse);
    let loss: f32 = 0;
    if (weight != 0) {
      const target: f32 = <u32>label < <u32>width ? load<f32>(at(x, label)) : NaN;
      loss = lse - target;
      if (smoothing != 0) loss = (<f32>1 - smoothing) * loss + smoothing * (lse - meanOfRow(x, width, largest));
      loss *= weight;
    }
    store<f32>(at(ptr(args, 3), row), loss);
  }
}

/** logits, labels, weights, lse, dy, dlogits, V, label smoothing: weight · dy · (softmax − target) */
export function fusedCrossEntropyGrad(args: usize, begin: i32, end: i32): void {
  const width = int(args, 6);
  const smoothing = float(args, 7);
  for (let row = begin; row < end; row++) {
    const out = at(ptr(args, 5), row * width);
    const scale = load<f32>(at(ptr(args, 2), row)) * load<f32>(at(ptr(args, 4), row));
    if (scale == 0) {
      clear(out, width);
      continue;
    }
    const x = at(ptr(args, 0), row * width);
    const label = load<i32>(at(ptr(args, 1), row));
    const lse = load<f32>(at(ptr(args, 3), row));
    const uniform = scale * (smoothing / <f32>width);
    const l = f32x4.splat(lse);
    const s = f32x4.splat(scale);
    const u = f32x4.splat(-uniform);
    let i = 0;
    for (; i <= width - 4; i += 4) {
      v128.store(at(out, i), mulAdd(expf4(f32x4.sub(v128.load(at(x, i)), l)), s, u));
    }
    for (; i < width; i++) store<f32>(at(out, i), expf1(load<f32>(at(x, i)) - lse) * scale - uniform);
    if (<u32>label < <u32>width) {
      store<f32>(at(out, label), load<f32>(at(out, label)) - scale * (<f32>1 - smoothing));
    }
  }
}
