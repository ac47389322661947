/** The gradient of group norm; the items are those of `fused-group-norm`. */

import { int, ptr } from './lib/args';
import { at } from './lib/fused-address';
import { mulAdd } from './lib/fused-math';

/**
 * x, gamma, beta, mean, rstd, dy, dx, partial[B, 2, C], scratch[items, 5, channels of an item], P, C, G, groups per item,
 * ReLU (0 or 1). `partial` gets each picture's dgamma and dbeta. With g = dy · gamma and n numbers in a group,
 * dx = rstd · (g − (Σ g + x̂ · Σ g · x̂) / n), which per channel is dx = dy · a + x · b + c.
 */
export function fusedGroupNormGrad(args: usize, begin: i32, end: i32): void {
  const pixels = int(args, 9);
  const channels = int(args, 10);
  const groups = int(args, 11);
  const perItem = int(args, 12);
  const relu = int(args, 13) != 0;
  const size = channels / groups;
  const blocks = (groups + perItem - 1) / perItem;
  const n = <f32>(pixels * size);
  for (let item = begin; item < end; item++) {
    const picture = item / blocks;
    const group0 = (item % blocks) * perItem;
    const count = min(perItem, groups - group0);
    const channel0 = group0 * size;
    const width = count * size;
    const offset = picture * pixels * channels + channel0;
    const x = at(ptr(args, 0), offset);
    const gamma = at(ptr(args, 1), channel0);
    const beta = at(ptr(args, 2), channel0);
    const means = at(ptr(args, 3), picture * groups + group0);
    const rstds = at(ptr(args, 4), picture * groups + group0);
    const dy = at(ptr(args, 5), offset);
    const dgamma = at(ptr(args, 7), picture * 2 * channels + channel0);
    const dbeta = at(dgamma, channels);
    const scratch = at(ptr(args, 8), item * 5 * perItem * size);
    const scale = scratch;
    const shift = at(scratch, width);
    const mean = at(scratch, 2 * width);
    const byX = at(scratch, 3 * width);
    const constant = at(scratch, 4 * width);

    for (let g = 0; g < count; g++) {
      const m = load<f32>(at(means, g));
      const r = load<f32>(at(rstds, g));
      for (let c = g * size; c < (g + 1) * size; c++) {
        // The same rounding as in the forward pass: ReLU must open for exactly the same numbers.
        const s = load<f32>(at(gamma, c)) * r;
        store<f32>(at(scale, c), s);
        store<f32>(at(shift, c), load<f32>(at(beta, c)) - m * s);
        store<f32>(at(mean, c), m);
      }
    }
    if (relu) gradientSums(x, dy, pixels, channels, width, mean, scale, shift, dgamma, dbeta, true);
    else gradientSums(x, dy, pixels, channels, width, mean, scale, shift, dgamma, dbeta, false);
    for (let g = 0; g < count; g++) {
      const r = load<f32>(at(rstds, g));
      const m = load<f32>(at(means, g));
      let sumG: f32 = 0;
      let sumGX: f32 = 0;
      for (let c = g * size; c < (g + 1) * size; c++) {
        const slope = load<f32>(at(dgamma, c)) * r;
        store<f32>(at(dgamma, c), slope);
        sumG += load<f32>(at(gamma, c)) * load<f32>(at(dbeta, c));
        sumGX += load<f32>(at(gamma, c)) * slope;
      }
      const b = (-r * r * sumGX) / n;
      for (let c = g * size; c < (g + 1) * size; c++) {
        store<f32>(at(byX, c), b);
        store<f32>(at(constant, c), (-r * sumG) / n - b * m);
      }
    }
    const dx = at(ptr(args, 6), offset);
    if (relu) inputGradient(x, dy, dx, pixels, channels, width, scale, shift, byX, constant, true);
    else inputGradient(x, dy, dx, pixels, channels, width, scale, shift, byX, constant, false);
  }
}

/** Per channel Σ dy · (x − mean) and Σ dy, where dy counts only behind an open ReLU. */
// @ts-ignore: decorator
@inline
function gradientSums(
  x: usize,
  dy: usize,
  pixels: i32,
  stride: i32,
  channels: i32,
  mean: usize,
  scale: usize,
  shift: usize,
  dgamma: usize,
  dbeta: usize,
  relu: bool,
): void {
  const zero = f32x4.splat(0);
  let c = 0;
  for (; c <= channels - 8; c += 8) {
    const m0 = v128.load(at(mean, c));
    const m1 = v128.load(at(mean, c), 16);
    const s0 = v128.load(at(scale, c));
    const s1 = v128.load(at(scale, c), 16);
    const h0 = v128.load(at(shift, c));
    const h1 = v128.load(at(shift, c), 16);
    let gamma0 = zero;
    let gamma1 = zero;
    let beta0 = zero;
    let beta1 = zero;
    let px = at(x, c);
    let pd = at(dy, c);
    for (let p = 0; p < pixels; p++) {
      const x0 = v128.load(px);
      const x1 = v128.load(px, 16);
      let d0 = v128.load(pd);
      let d1 = v128.load(pd, 16);
      if (relu) {
        d0 = v128.and(d0, f32x4.gt(mulAdd(x0, s0, h0), zero));
        d1 = v128.and(d1, f32x4.gt(mulAdd(x1, s1, h1), zero));
      }
      gamma0 = mulAdd(d0, f32x4.sub(x0, m0), gamma0);
      gamma1 = mulAdd(d1, f32x4.sub(x1, m1), gamma1);
      beta0 = f32x4.add(beta0, d0);
      beta1 = f32x4.add(beta1, d1);
      px = at(px, stride);
      pd = at(pd, stride);
    }
    v128.store(at(dgamma, c), gamma0);
    v128.store(at(dgamma, c), gamma1, 16);
    v128.store(at(dbeta, c), beta0);
    v128.store(at(dbeta, c), beta1, 16);
  }
  for (; c < channels; c++) {
    let sumGamma: f32 = 0;
    let sumBeta: f32 = 0;
    for (let p = 0; p < pixels; p++) {
      const value = load<f32>(at(x, p * stride + c));
      let d = load<f32>(at(dy, p * stride + c));
      if (relu && !(value * load<f32>(at(scale, c)) + load<f32>(at(shift, c)) > 0)) d = 0;
      sumGamma += d * (value - load<f32>(at(mean, c)));
      sumBeta += d;
    }
    store<f32>(at(dgamma, c), sumGamma);
    store<f32>(at(dbeta, c), sumBeta);
  }
}

/** dx = dy · gamma · rstd + x · byX + constant */
// @ts-ignore: decorator
@inline
function inputGradient(
  x: usize,
  dy: usize,
  dx: usize,
  pixels: i32,
  stride: i32,
  channels: i32,
  scale: usize,
  shift: usize,
  byX: usize,
  constant: usize,
  relu: bool,
): void {
  const zero = f32x4.splat(0);
  for (let p = 0; p < pixels; p++) {
    let c = 0;
    for (; c <= channels - 4; c += 4) {
      const value = v128.load(at(x, c));
      const s = v128.load(at(scale, c));
      let d = v128.load(at(dy, c));
      if (relu) d = v128.and(d, f32x4.gt(mulAdd(value, s, v128.load(at(shift, c))), zero));
      const rest = mulAdd(value, v128.load(at(byX, c)), v128.load(at(constant, c)));
      v128.store(at(dx, c), mulAdd(d, s, rest));
    }
    for (; c < channels; c++) {
      const value = load<f32>(at(x, c));
      const s = load<f32>(at(scale, c));
      let d = load<f32>(at(dy, c));
      if (relu && !(value * s + load<f32>(at(shift, c)) > 0)) d = 0;
      store<f32>(at(dx, c), d * s + (value * load<f32>(at(byX, c)) + load<f32>(at(constant, c))));
    }
    x = at(x, stride);
    dy = at(dy, stride);
    dx = at(dx, stride);
  }
}
