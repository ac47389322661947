/**
 * Group norm over NHWC pictures: B pictures of P pixels and C channels in G groups. An item is one picture's block of
 * channels, `groupsPerItem` whole groups of it. Everything runs along the channels of a pixel, sixteen at a time,
 * because these are neighbours in memory; groups are put together from sums per channel.
 */

import { float, int, ptr } from './lib/args';
import { at } from './lib/fused-address';
import { mulAdd } from './lib/fused-math';

/** Pixels added in one go; the runs are added to one another, which keeps the rounding of large pictures small. */
const RUN = 128;

/** Per channel Σ x, or with `center` Σ (x − center)². */
// @ts-ignore: decorator
@inline
function channelSums(x: usize, pixels: i32, stride: i32, channels: i32, out: usize, squares: bool, center: usize): void {
  let c = 0;
  for (; c <= channels - 16; c += 16) {
    let totalA = f32x4.splat(0);
    let totalB = totalA;
    let totalC = totalA;
    let totalD = totalA;
    let m0 = totalA;
    let m1 = totalA;
    let m2 = totalA;
    let m3 = totalA;
    if (squares) {
      m0 = v128.load(at(center, c));
      m1 = v128.load(at(center, c), 16);
      m2 = v128.load(at(center, c), 32);
      m3 = v128.load(at(center, c), 48);
    }
    let pixel = at(x, c);
    for (let start = 0; start < pixels; start += RUN) {
      let a = f32x4.splat(0);
      let b = a;
      let d = a;
      let e = a;
      const count = min(RUN, pixels - start);
      for (let p = 0; p < count; p++) {
        let x0 = v128.load(pixel);
        let x1 = v128.load(pixel, 16);
        let x2 = v128.load(pixel, 32);
        let x3 = v128.load(pixel, 48);
        if (squares) {
          x0 = f32x4.sub(x0, m0);
          x1 = f32x4.sub(x1, m1);
          x2 = f32x4.sub(x2, m2);
          x3 = f32x4.sub(x3, m3);
          a = mulAdd(x0, x0, a);
          b = mulAdd(x1, x1, b);
          d = mulAdd(x2, x2, d);
          e = mulAdd(x3, x3, e);
        } else {
          a = f32x4.add(a, x0);
          b = f32x4.add(b, x1);
          d = f32x4.add(d, x2);
          e = f32x4.add(e, x3);
        }
        pixel = at(pixel, stride);
      }
      totalA = f32x4.add(totalA, a);
      totalB = f32x4.add(totalB, b);
      totalC = f32x4.add(totalC, d);
      totalD = f32x4.add(totalD, e);
    }
    v128.store(at(out, c), totalA);
    v128.store(at(out, c), totalB, 16);
    v128.store(at(out, c), totalC, 32);
    v128.store(at(out, c), totalD, 48);
  }
  for (; c < channels; c++) {
    let total: f32 = 0;
    const mean: f32 = squares ? load<f32>(at(center, c)) : 0;
    let pixel = at(x, c);
    for (let start = 0; start < pixels; start += RUN) {
      let sum: f32 = 0;
      const count = min(RUN, pixels - start);
      for (let p = 0; p < count; p++) {
        const d = load<f32>(pixel) - mean;
        sum += squares ? d * d : d;
        pixel = at(pixel, stride);
      }
      total += sum;
    }
    store<f32>(at(out, c), total);
  }
}

/** What each channel of `count` is multiplied by and what is added, so that y = x · scale + shift. */
// @ts-ignore: decorator
@inline
function channelAffine(
  mean: usize,
  rstd: usize,
  gamma: usize,
  beta: usize,
  groups: i32,
  size: i32,
  scale: usize,
  shift: usize,
): void {
  for (let g = 0; g < groups; g++) {
    const m = load<f32>(at(mean, g));
    const r = load<f32>(at(rstd, g));
    for (let c = g * size; c < (g + 1) * size; c++) {
      const s = load<f32>(at(gamma, c)) * r;
      store<f32>(at(scale, c), s);
      store<f32>(at(shift, c), load<f32>(at(beta, c)) - m * s);
    }
  }
}

/**
 * x, gamma, beta, y, mean[B, G], rstd[B, G], scratch[items, 2, channels of an item], P, C, G, groups per item, epsilon,
 * ReLU (0 or 1)
 */
export function fusedGroupNorm(args: usize, begin: i32, end: i32): void {
  const pixels = int(args, 7);
  const channels = int(args, 8);
  const groups = int(args, 9);
  const perItem = int(args, 10);
  const epsilon = float(args, 11);
  const size = channels / groups;
  const blocks = (groups + perItem - 1) / perItem;
  const n = <f32>(pixels * size);
  for (let item = begin; item < end; item++) {
    const picture = item / blocks;
    const group0 = (item % blocks) * perItem;
    const count = min(perItem, groups - group0);
    const width = count * size;
    const offset = picture * pixels * channels + group0 * size;
    const x = at(ptr(args, 0), offset);
    const y = at(ptr(args, 3), offset);
    const mean = at(ptr(args, 4), picture * groups + group0);
    const rstd = at(ptr(args, 5), picture * groups + group0);
    const first = at(ptr(args, 6), item * 2 * perItem * size);
    const second = at(first, width);

    channelSums(x, pixels, channels, width, first, false, 0);
    for (let g = 0; g < count; g++) {
      let sum: f32 = 0;
      for (let c = g * size; c < (g + 1) * size; c++) sum += load<f32>(at(first, c));
      store<f32>(at(mean, g), sum / n);
      for (let c = g * size; c < (g + 1) * size; c++) store<f32>(at(second, c), sum / n);
    }
    channelSums(x, pixels, channels, width, first, true, second);
    for (let g = 0; g < count; g++) {
      let sum: f32 = 0;
      for (let c = g * size; c < (g + 1) * size; c++) sum += load<f32>(at(first, c));
      store<f32>(at(rstd, g), <f32>1 / sqrt<f32>(sum / n + epsilon));
    }
    const gamma = at(ptr(args, 1), group0 * size);
    channelAffine(mean, rstd, gamma, at(ptr(args, 2), group0 * size), count, size, first, second);
    // ReLU is a lower bound of 0, none a lower bound of −∞: one loop serves both.
    const floor: f32 = int(args, 12) != 0 ? 0 : -Infinity;
    normalize(x, y, pixels, channels, width, first, second, floor);
  }
}

// @ts-ignore: decorator
@inline
function normalize(
  x: usize,
  y: usize,
  pixels: i32,
  stride: i32,
  channels: i32,
  scale: usize,
  shift: usize,
  floor: f32,
): void {
  const low = f32x4.splat(floor);
  for (let p = 0; p < pixels; p++) {
    let c = 0;
    for (; c <= channels - 4; c += 4) {
      const value = mulAdd(v128.load(at(x, c)), v128.load(at(scale, c)), v128.load(at(shift, c)));
      v128.store(at(y, c), f32x4.max(value, low));
    }
    for (; c < channels; c++) {
      store<f32>(at(y, c), max(load<f32>(at(x, c)) * load<f32>(at(scale, c)) + load<f32>(at(shift, c)), floor));
    }
    x = at(x, stride);
    y = at(y, stride);
  }
}
