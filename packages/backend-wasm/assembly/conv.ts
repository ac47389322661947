import { int, ptr } from './lib/args';
import { copyBytes } from './lib/copy';

/**
 * The windows of a convolution as rows of a matrix: y[pixel, kh, kw, c] = x[b, oy·stride + kh·dilation − pad, …], 0 outside.
 * One item is an output pixel, counted from `first`.
 * args: 0 x, 1 y, 2 h, 3 w, 4 c, 5 kh, 6 kw, 7 stride h, 8 stride w, 9 dilation h, 10 dilation w, 11 pad top, 12 pad left,
 * 13 out h, 14 out w, 15 first
 */
export function im2col(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0), y = ptr(args, 1);
  const h = int(args, 2), w = int(args, 3), c = int(args, 4), kh = int(args, 5), kw = int(args, 6);
  const strideH = int(args, 7), strideW = int(args, 8), dilationH = int(args, 9), dilationW = int(args, 10);
  const padTop = int(args, 11), padLeft = int(args, 12), outH = int(args, 13), outW = int(args, 14);
  const first = int(args, 15);
  const pixelBytes = (<usize>c) << 2;
  const runBytes = pixelBytes * <usize>kw;
  let to = y + runBytes * <usize>kh * <usize>begin;
  for (let item = begin; item < end; item++) {
    const pixel = item + first;
    const ox = pixel % outW;
    const oy = (pixel / outW) % outH;
    const image = pixel / (outW * outH);
    const left = ox * strideW - padLeft;
    for (let ky = 0; ky < kh; ky++) {
      const iy = oy * strideH - padTop + ky * dilationH;
      if (iy < 0 || iy >= h) {
        zero(to, runBytes);
        to += runBytes;
        continue;
      }
      const line = x + pixelBytes * <usize>(image * h + iy) * <usize>w;
      if (dilationW == 1) {
        // The part of the window that lies inside is one run.
        const from = max(0, -left), until = max(from, min(kw, w - left));
        zero(to, pixelBytes * <usize>min(from, kw));
        if (until > from) {
          copyBytes(to + pixelBytes * <usize>from, line + pixelBytes * <usize>(left + from), pixelBytes * <usize>(until - from));
        }
        if (until < kw && from < kw) zero(to + pixelBytes * <usize>until, pixelBytes * <usize>(kw - until));
        to += runBytes;
      } else {
        for (let kx = 0; kx < kw; kx++) {
          const ix = left + kx * dilationW;
          if (ix < 0 || ix >= w) zero(to, pixelBytes);
          else copyBytes(to, line + pixelBytes * <usize>ix, pixelBytes);
          to += pixelBytes;
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function zero(to: usize, bytes: usize): void {
  for (; bytes >= 16; bytes -= 16) {
    v128.store(to, i32x4.splat(0));
    to += 16;
  }
  for (; bytes > 0; bytes -= 4) {
    store<u32>(to, 0);
    to += 4;
  }
}

/**
 * The transposition of `im2col`: x[b, iy, ix, c] = Σ over the windows that hold this pixel, in order of (kh, kw). One item is a
 * line of x, counted from `first image`. args: as `im2col`, x being written and y read; 15 is the first image, whose
 * windows are at y
 */
export function col2im(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0), y = ptr(args, 1);
  const h = int(args, 2), w = int(args, 3), c = int(args, 4), kh = int(args, 5), kw = int(args, 6);
  const strideH = int(args, 7), strideW = int(args, 8), dilationH = int(args, 9), dilationW = int(args, 10);
  const padTop = int(args, 11), padLeft = int(args, 12), outH = int(args, 13), outW = int(args, 14);
  const first = int(args, 15);
  const pixelBytes = (<usize>c) << 2;
  const lineBytes = pixelBytes * <usize>w;
  const rowBytes = pixelBytes * <usize>(kh * kw);
  for (let item = begin; item < end; item++) {
    const image = item / h;
    const iy = item % h;
    const line = x + lineBytes * <usize>(first * h + item);
    memory.fill(line, 0, lineBytes);
    for (let ky = 0; ky < kh; ky++) {
      const sy = iy + padTop - ky * dilationH;
      if (sy < 0 || sy % strideH != 0) continue;
      const oy = sy / strideH;
      if (oy >= outH) continue;
      for (let kx = 0; kx < kw; kx++) {
        const column = y + rowBytes * <usize>((image * outH + oy) * outW) + pixelBytes * <usize>(ky * kw + kx);
        for (let ox = 0; ox < outW; ox++) {
          const ix = ox * strideW - padLeft + kx * dilationW;
          if (ix < 0 || ix >= w) continue;
          let to = line + pixelBytes * <usize>ix;
          let from = column + rowBytes * <usize>ox;
          let n = c;
          for (; n >= 4; n -= 4) {
            v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
            to += 16;
            from += 16;
          }
          for (; n > 0; n--) {
            store<f32>(to, load<f32>(to) + load<f32>(from));
            to += 4;
            from += 4;
          }
        }
      }
    }
  }
}
