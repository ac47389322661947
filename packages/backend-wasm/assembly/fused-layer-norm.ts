/** Layer norm over the last axis. R rows, D width; a job's items are rows, of the gradient's blocks of rows. */

import { float, int, ptr } from './lib/args';
import { at, clear } from './lib/fused-address';
import { mulAdd } from './lib/fused-math';
import { sum4 } from './lib/math';

// @ts-ignore: decorator
@inline
function sumRow(row: usize, width: i32): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let i = 0;
  for (; i <= width - 8; i += 8) {
    a = f32x4.add(a, v128.load(at(row, i)));
    b = f32x4.add(b, v128.load(at(row, i), 16));
  }
  let sum = sum4(f32x4.add(a, b));
  for (; i < width; i++) sum += load<f32>(at(row, i));
  return sum;
}

// @ts-ignore: decorator
@inline
function sumSquaresAround(row: usize, width: i32, center: f32): f32 {
  const c = f32x4.splat(center);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let i = 0;
  for (; i <= width - 8; i += 8) {
    const x = f32x4.sub(v128.load(at(row, i)), c);
    const y = f32x4.sub(v128.load(at(row, i), 16), c);
    a = mulAdd(x, x, a);
    b = mulAdd(y, y, b);
  }
  let sum = sum4(f32x4.add(a, b));
  for (; i < width; i++) {
    const x = load<f32>(at(row, i)) - center;
    sum += x * x;
  }
  return sum;
}

/** x, gamma, beta, y, mean, rstd, D, epsilon */
export function fusedLayerNorm(args: usize, begin: i32, end: i32): void {
  const gamma = ptr(args, 1);
  const beta = ptr(args, 2);
  const means = ptr(args, 4);
  const rstds = ptr(args, 5);
  const width = int(args, 6);
  const epsilon = float(args, 7);
  const n = <f32>width;
  for (let row = begin; row < end; row++) {
    const x = at(ptr(args, 0), row * width);
    const y = at(ptr(args, 3), row * width);
    const mean = sumRow(x, width) / n;
    const rstd: f32 = <f32>1 / sqrt<f32>(sumSquaresAround(x, width, mean) / n + epsilon);
    store<f32>(at(means, row), mean);
    store<f32>(at(rstds, row), rstd);
    const m = f32x4.splat(mean);
    const s = f32x4.splat(rstd);
    let i = 0;
    for (; i <= width - 4; i += 4) {
      const normal = f32x4.mul(f32x4.sub(v128.load(at(x, i)), m), s);
      v128.store(at(y, i), mulAdd(normal, v128.load(at(gamma, i)), v128.load(at(beta, i))));
    }
    for (; i < width; i++) {
      const normal = (load<f32>(at(x, i)) - mean) * rstd;
      store<f32>(at(y, i), normal * load<f32>(at(gamma, i)) + load<f32>(at(beta, i)));
    }
  }
}

/**
 * x, gamma, mean, rstd, dy, dx, partial[blocks, 2, D], D, R, rows per block; items are blocks. With g = dy · gamma:
 * dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)); `partial` gets each block's Σ dy · x̂ and Σ dy.
 */
export function fusedLayerNormGrad(args: usize, begin: i32, end: i32): void {
  const gamma = ptr(args, 1);
  const width = int(args, 7);
  const rows = int(args, 8);
  const blockRows = int(args, 9);
  for (let block = begin; block < end; block++) {
    const dgamma = at(ptr(args, 6), block * 2 * width);
    const dbeta = at(dgamma, width);
    clear(dgamma, 2 * width);
    const last = min(rows, (block + 1) * blockRows);
    for (let row = block * blockRows; row < last; row++) {
      const x = at(ptr(args, 0), row * width);
      const dy = at(ptr(args, 4), row * width);
      const dx = at(ptr(args, 5), row * width);
      layerNormGradRow(
        x,
        gamma,
        load<f32>(at(ptr(args, 2), row)),
        load<f32>(at(ptr(args, 3), row)),
        dy,
        dx,
        dgamma,
        dbeta,
        width,
      );
    }
  }
}

// @ts-ignore: decorator
@inline
function layerNormGradRow(
  x: usize,
  gamma: usize,
  mean: f32,
  rstd: f32,
  dy: usize,
  dx: usize,
  dgamma: usize,
  dbeta: usize,
  width: i32,
): void {
  const m = f32x4.splat(mean);
  const s = f32x4.splat(rstd);
  let sumG = f32x4.splat(0);
  let sumGX = f32x4.splat(0);
  let i = 0;
  for (; i <= width - 4; i += 4) {
    const d = v128.load(at(dy, i));
    const normal = f32x4.mul(f32x4.sub(v128.load(at(x, i)), m), s);
    const g = f32x4.mul(d, v128.load(at(gamma, i)));
    sumG = f32x4.add(sumG, g);
    sumGX = mulAdd(g, normal, sumGX);
    v128.store(at(dgamma, i), mulAdd(d, normal, v128.load(at(dgamma, i))));
    v128.store(at(dbeta, i), f32x4.add(d, v128.load(at(dbeta, i))));
  }
  let meanG = sum4(sumG);
  let meanGX = sum4(sumGX);
  for (; i < width; i++) {
    const d = load<f32>(at(dy, i));
    const normal = (load<f32>(at(x, i)) - mean) * rstd;
    const g = d * load<f32>(at(gamma, i));
    meanG += g;
    meanGX += g * normal;
    store<f32>(at(dgamma, i), load<f32>(at(dgamma, i)) + d * normal);
    store<f32>(at(dbeta, i), load<f32>(at(dbeta, i)) + d);
  }
  meanG /= <f32>width;
  meanGX /= <f32>width;
  // rstd · (g − mean(g) − x̂ · mean(g·x̂)) with x̂ = (x − mean) · rstd
  const a = f32x4.splat(meanG);
  const b = f32x4.splat(meanGX);
  i = 0;
  for (; i <= width - 4; i += 4) {
    const normal = f32x4.mul(f32x4.sub(v128.load(at(x, i)), m), s);
    const g = f32x4.mul(v128.load(at(dy, i)), v128.load(at(gamma, i)));
    v128.store(at(dx, i), f32x4.mul(s, f32x4.sub(f32x4.sub(g, a), f32x4.mul(normal, b))));
  }
  for (; i < width; i++) {
    const normal = (load<f32>(at(x, i)) - mean) * rstd;
    const g = load<f32>(at(dy, i)) * load<f32>(at(gamma, i));
    store<f32>(at(dx, i), rstd * (g - meanG - normal * meanGX));
  }
}
