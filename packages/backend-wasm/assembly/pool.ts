import { int, ptr } from './lib/args';
import { splat } from './lib/math';

/**
 * args of both: 0 x, 1 y, 2 h, 3 w, 4 c, 5 window h, 6 window w, 7 stride h, 8 stride w, 9 dilation h, 10 dilation w, 11 pad top,
 * 12 pad left, 13 out h, 14 out w, 15 dy, 16 dx. Pixels outside the image do not count; NaN is never the largest.
 */

/** y[b, oy, ox, c] = the largest of the window. One item is a line of y. */
export function maxPool(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0), y = ptr(args, 1);
  const h = int(args, 2), w = int(args, 3), c = int(args, 4), kh = int(args, 5), kw = int(args, 6);
  const strideH = int(args, 7), strideW = int(args, 8), dilationH = int(args, 9), dilationW = int(args, 10);
  const padTop = int(args, 11), padLeft = int(args, 12), outH = int(args, 13), outW = int(args, 14);
  const pixel = (<usize>c) << 2;
  for (let item = begin; item < end; item++) {
    const image = item / outH;
    const top = (item % outH) * strideH - padTop;
    for (let ox = 0; ox < outW; ox++) {
      const left = ox * strideW - padLeft;
      const to = y + pixel * <usize>(item * outW + ox);
      for (let channel = 0; channel < c; channel += 4) {
        const offset = (<usize>channel) << 2;
        let largest = splat(-Infinity);
        for (let ky = 0; ky < kh; ky++) {
          const iy = top + ky * dilationH;
          if (iy < 0 || iy >= h) continue;
          const line = x + pixel * <usize>((image * h + iy) * w) + offset;
          for (let kx = 0; kx < kw; kx++) {
            const ix = left + kx * dilationW;
            if (ix < 0 || ix >= w) continue;
            // Past the last channel this reads the next pixel's, which are not stored.
            largest = f32x4.pmax(largest, v128.load(line + pixel * <usize>ix));
          }
        }
        if (c - channel >= 4) v128.store(to + offset, largest);
        else {
          store<f32>(to + offset, f32x4.extract_lane(largest, 0));
          if (c - channel > 1) store<f32>(to + offset, f32x4.extract_lane(largest, 1), 4);
          if (c - channel > 2) store<f32>(to + offset, f32x4.extract_lane(largest, 2), 8);
        }
      }
    }
  }
}

/**
 * dx = dy at the first largest pixel of each window, summed over the windows. One item is 4 channels of one image,
 * because windows overlap.
 */
export function maxPoolGrad(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0);
  const h = int(args, 2), w = int(args, 3), c = int(args, 4), kh = int(args, 5), kw = int(args, 6);
  const strideH = int(args, 7), strideW = int(args, 8), dilationH = int(args, 9), dilationW = int(args, 10);
  const padTop = int(args, 11), padLeft = int(args, 12), outH = int(args, 13), outW = int(args, 14);
  const dy = ptr(args, 15), dx = ptr(args, 16);
  const pixel = (<usize>c) << 2;
  const groups = (c + 3) >> 2;
  for (let item = begin; item < end; item++) {
    const image = item / groups;
    const channel = (item % groups) << 2;
    const channels = min(4, c - channel);
    const offset = (<usize>channel) << 2;
    const xs = x + pixel * <usize>(image * h * w) + offset;
    const dxs = dx + pixel * <usize>(image * h * w) + offset;
    for (let i = 0; i < h * w; i++) {
      const to = dxs + pixel * <usize>i;
      for (let j = 0; j < channels; j++) store<f32>(to + ((<usize>j) << 2), 0);
    }
    for (let oy = 0; oy < outH; oy++) {
      for (let ox = 0; ox < outW; ox++) {
        let largest = splat(-Infinity);
        let where = i32x4.splat(-1);
        for (let ky = 0; ky < kh; ky++) {
          const iy = oy * strideH - padTop + ky * dilationH;
          if (iy < 0 || iy >= h) continue;
          for (let kx = 0; kx < kw; kx++) {
            const ix = ox * strideW - padLeft + kx * dilationW;
            if (ix < 0 || ix >= w) continue;
            const value = v128.load(xs + pixel * <usize>(iy * w + ix));
            const more = f32x4.gt(value, largest);
            largest = v128.bitselect(value, largest, more);
            where = v128.bitselect(i32x4.splat(iy * w + ix), where, more);
          }
        }
        const from = dy + pixel * <usize>((image * outH + oy) * outW + ox) + offset;
        spread(dxs, pixel, i32x4.extract_lane(where, 0), from);
        if (channels > 1) spread(dxs + 4, pixel, i32x4.extract_lane(where, 1), from + 4);
        if (channels > 2) spread(dxs + 8, pixel, i32x4.extract_lane(where, 2), from + 8);
        if (channels > 3) spread(dxs + 12, pixel, i32x4.extract_lane(where, 3), from + 12);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function spread(dx: usize, pixel: usize, where: i32, dy: usize): void {
  if (where < 0) return;
  const to = dx + pixel * <usize>where;
  store<f32>(to, load<f32>(to) + load<f32>(dy));
}
