import { int, ptr } from './lib/args';
import { block } from './lib/gemm-tile';
import { splat, sum4 } from './lib/math';

/**
 * B[k, n] into panels of 8 columns, `k × 8` numbers each; columns past the last are zero. One item is a panel of
 * one matrix. args: b, bytes between rows, bytes between matrices, panels, k, n, panels of a matrix
 */
export function gemmPackB(args: usize, begin: i32, end: i32): void {
  const b = ptr(args, 0), row = ptr(args, 1), stride = ptr(args, 2), panels = ptr(args, 3);
  const k = int(args, 4), n = int(args, 5), perMatrix = int(args, 6);
  for (let item = begin; item < end; item++) {
    const column = (item % perMatrix) << 3;
    let from = b + stride * <usize>(item / perMatrix) + ((<usize>column) << 2);
    let to = panels + (((<usize>item) * <usize>k) << 5);
    if (n - column >= 8) {
      for (let i = 0; i < k; i++) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        from += row;
        to += 32;
      }
    } else {
      const cols = <usize>(n - column);
      for (let i = 0; i < k; i++) {
        for (let j: usize = 0; j < 8; j++) store<f32>(to + (j << 2), j < cols ? load<f32>(from + (j << 2)) : 0);
        from += row;
        to += 32;
      }
    }
  }
}

/** As `gemmPackB` for B stored as [n, k]: each panel is 8 rows, transposed. */
export function gemmPackBTransposed(args: usize, begin: i32, end: i32): void {
  const b = ptr(args, 0), row = ptr(args, 1), stride = ptr(args, 2), panels = ptr(args, 3);
  const k = int(args, 4), n = int(args, 5), perMatrix = int(args, 6);
  for (let item = begin; item < end; item++) {
    const column = (item % perMatrix) << 3;
    const last = n - column - 1;
    const matrix = b + stride * <usize>(item / perMatrix) + row * <usize>column;
    const to = panels + (((<usize>item) * <usize>k) << 5);
    // A missing row repeats the last one: its products are never stored.
    packFour(matrix, matrix + row * <usize>min(1, last), matrix + row * <usize>min(2, last), matrix + row * <usize>min(3, last), to, k);
    packFour(
      matrix + row * <usize>min(4, last), matrix + row * <usize>min(5, last),
      matrix + row * <usize>min(6, last), matrix + row * <usize>min(7, last), to + 16, k,
    );
  }
}

/** Four rows of `k` numbers into four columns of a panel. */
function packFour(r0: usize, r1: usize, r2: usize, r3: usize, to: usize, k: i32): void {
  for (; k >= 4; k -= 4) {
    const x0 = v128.load(r0), x1 = v128.load(r1), x2 = v128.load(r2), x3 = v128.load(r3);
    const p0 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), p1 = i32x4.shuffle(x0, x1, 2, 6, 3, 7);
    const q0 = i32x4.shuffle(x2, x3, 0, 4, 1, 5), q1 = i32x4.shuffle(x2, x3, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(p0, q0, 0, 2));
    v128.store(to, i64x2.shuffle(p0, q0, 1, 3), 32);
    v128.store(to, i64x2.shuffle(p1, q1, 0, 2), 64);
    v128.store(to, i64x2.shuffle(p1, q1, 1, 3), 96);
    r0 += 16; r1 += 16; r2 += 16; r3 += 16;
    to += 128;
  }
  for (; k > 0; k--) {
    store<f32>(to, load<f32>(r0));
    store<f32>(to, load<f32>(r1), 4);
    store<f32>(to, load<f32>(r2), 8);
    store<f32>(to, load<f32>(r3), 12);
    r0 += 4; r1 += 4; r2 += 4; r3 += 4;
    to += 32;
  }
}

/**
 * C = A · B (+ bias) (+ C), B in panels. One item is a block of `mBlock × nBlock` of one matrix and one slice of k; with
 * several slices, C is one partial product per slice.
 * args: 0 a, 1 bytes between rows of A, 2 bytes between its k, 3 bytes between matrices A, 4 b, 5 bytes between panels,
 * 6 bytes between its k, 7 bytes between matrices B, 8 c, 9 bytes between rows of C, 10 bytes between matrices C,
 * 11 bytes between slices of C, 12 bias or 0, 13 accumulate, 14 m, 15 n, 16 k, 17 mBlock, 18 nBlock, 19 k of a slice, 20 slices
 */
export function gemmBlocks(args: usize, begin: i32, end: i32): void {
  const a = ptr(args, 0), rs = ptr(args, 1), ks = ptr(args, 2), aStride = ptr(args, 3);
  const b = ptr(args, 4), bp = ptr(args, 5), bs = ptr(args, 6), bStride = ptr(args, 7);
  const c = ptr(args, 8), ldc = ptr(args, 9), cStride = ptr(args, 10), cSlice = ptr(args, 11);
  const bias = ptr(args, 12);
  const accumulate = int(args, 13) != 0;
  const m = int(args, 14), n = int(args, 15), k = int(args, 16);
  const mBlock = int(args, 17), nBlock = int(args, 18), kSlice = int(args, 19), slices = int(args, 20);
  const mBlocks = (m + mBlock - 1) / mBlock;
  const nBlocks = (n + nBlock - 1) / nBlock;
  for (let item = begin; item < end; item++) {
    const row = (item % mBlocks) * mBlock;
    let rest = item / mBlocks;
    const column = (rest % nBlocks) * nBlock;
    rest /= nBlocks;
    const slice = rest % slices;
    const matrix = <usize>(rest / slices);
    const from = slice * kSlice;
    block(
      a + aStride * matrix + rs * <usize>row + ks * <usize>from, rs, ks,
      b + bStride * matrix + bp * <usize>(column >> 3) + bs * <usize>from, bp, bs, min(kSlice, k - from),
      c + cStride * matrix + cSlice * <usize>slice + ldc * <usize>row + ((<usize>column) << 2), ldc,
      min(mBlock, m - row), min(nBlock, n - column), bias ? bias + ((<usize>column) << 2) : 0, accumulate,
    );
  }
}

/**
 * C = A · B for a few rows, B as it lies ([k, n]): 32 columns at a time, whose cache lines are read whole and once.
 * One item is 32 columns of one matrix. args: as `gemmBlocks`; n is a multiple of 4
 */
export function gemmFewRows(args: usize, begin: i32, end: i32): void {
  const a = ptr(args, 0), rs = ptr(args, 1), ks = ptr(args, 2), aStride = ptr(args, 3);
  const b = ptr(args, 4), bs = ptr(args, 6), bStride = ptr(args, 7);
  const c = ptr(args, 8), ldc = ptr(args, 9), cStride = ptr(args, 10);
  const bias = ptr(args, 12);
  const accumulate = int(args, 13) != 0;
  const m = int(args, 14), n = int(args, 15), k = int(args, 16);
  const blocks = (n + 31) >> 5;
  for (let item = begin; item < end; item++) {
    const column = (item % blocks) << 5;
    const matrix = <usize>(item / blocks);
    const offset = (<usize>column) << 2;
    for (let row = 0; row < m; row++) {
      let x = a + aStride * matrix + rs * <usize>row;
      let y = b + bStride * matrix + offset;
      let z = c + cStride * matrix + ldc * <usize>row + offset;
      let w = bias ? bias + offset : 0;
      if (n - column >= 32) {
        let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
        let s4 = splat(0), s5 = splat(0), s6 = splat(0), s7 = splat(0);
        for (let i = k; i > 0; i--) {
          const v = v128.load_splat<f32>(x);
          s0 = f32x4.add(s0, f32x4.mul(v, v128.load(y)));
          s1 = f32x4.add(s1, f32x4.mul(v, v128.load(y, 16)));
          s2 = f32x4.add(s2, f32x4.mul(v, v128.load(y, 32)));
          s3 = f32x4.add(s3, f32x4.mul(v, v128.load(y, 48)));
          s4 = f32x4.add(s4, f32x4.mul(v, v128.load(y, 64)));
          s5 = f32x4.add(s5, f32x4.mul(v, v128.load(y, 80)));
          s6 = f32x4.add(s6, f32x4.mul(v, v128.load(y, 96)));
          s7 = f32x4.add(s7, f32x4.mul(v, v128.load(y, 112)));
          x += ks;
          y += bs;
        }
        finish(z, s0, w, accumulate);
        finish(z + 16, s1, w ? w + 16 : 0, accumulate);
        finish(z + 32, s2, w ? w + 32 : 0, accumulate);
        finish(z + 48, s3, w ? w + 48 : 0, accumulate);
        finish(z + 64, s4, w ? w + 64 : 0, accumulate);
        finish(z + 80, s5, w ? w + 80 : 0, accumulate);
        finish(z + 96, s6, w ? w + 96 : 0, accumulate);
        finish(z + 112, s7, w ? w + 112 : 0, accumulate);
      } else {
        for (let j = column; j < n; j += 4) {
          let s = splat(0);
          let p = x, q = y;
          for (let i = k; i > 0; i--) {
            s = f32x4.add(s, f32x4.mul(v128.load_splat<f32>(p), v128.load(q)));
            p += ks;
            q += bs;
          }
          finish(z, s, w, accumulate);
          y += 16;
          z += 16;
          if (w) w += 16;
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function finish(c: usize, sum: v128, bias: usize, accumulate: bool): void {
  if (bias) sum = f32x4.add(sum, v128.load(bias));
  if (accumulate) sum = f32x4.add(sum, v128.load(c));
  v128.store(c, sum);
}

/**
 * C = A · Bᵀ for a few rows, B as it lies ([n, k], its k adjacent; so are A's): dot products, four rows of B at a time.
 * One item is 4 columns of C of one matrix. args: as `gemmBlocks`, 6 being the bytes between rows of B
 */
export function gemmFewRowsTransposed(args: usize, begin: i32, end: i32): void {
  const a = ptr(args, 0), rs = ptr(args, 1), aStride = ptr(args, 3);
  const b = ptr(args, 4), bs = ptr(args, 6), bStride = ptr(args, 7);
  const c = ptr(args, 8), ldc = ptr(args, 9), cStride = ptr(args, 10);
  const bias = ptr(args, 12);
  const accumulate = int(args, 13) != 0;
  const m = int(args, 14), n = int(args, 15), k = int(args, 16);
  const blocks = (n + 3) >> 2;
  for (let item = begin; item < end; item++) {
    const column = (item % blocks) << 2;
    const matrix = <usize>(item / blocks);
    const last = n - column - 1;
    for (let row = 0; row < m; row++) {
      let x = a + aStride * matrix + rs * <usize>row;
      let y0 = b + bStride * matrix + bs * <usize>column;
      let y1 = y0 + bs * <usize>min(1, last), y2 = y0 + bs * <usize>min(2, last), y3 = y0 + bs * <usize>min(3, last);
      let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
      let t0 = splat(0), t1 = splat(0), t2 = splat(0), t3 = splat(0);
      let i = k;
      for (; i >= 8; i -= 8) {
        const v = v128.load(x), w = v128.load(x, 16);
        s0 = f32x4.add(s0, f32x4.mul(v, v128.load(y0)));
        s1 = f32x4.add(s1, f32x4.mul(v, v128.load(y1)));
        s2 = f32x4.add(s2, f32x4.mul(v, v128.load(y2)));
        s3 = f32x4.add(s3, f32x4.mul(v, v128.load(y3)));
        t0 = f32x4.add(t0, f32x4.mul(w, v128.load(y0, 16)));
        t1 = f32x4.add(t1, f32x4.mul(w, v128.load(y1, 16)));
        t2 = f32x4.add(t2, f32x4.mul(w, v128.load(y2, 16)));
        t3 = f32x4.add(t3, f32x4.mul(w, v128.load(y3, 16)));
        x += 32; y0 += 32; y1 += 32; y2 += 32; y3 += 32;
      }
      let r0 = sum4(f32x4.add(s0, t0)), r1 = sum4(f32x4.add(s1, t1));
      let r2 = sum4(f32x4.add(s2, t2)), r3 = sum4(f32x4.add(s3, t3));
      for (; i > 0; i--) {
        const v = load<f32>(x);
        r0 += v * load<f32>(y0);
        r1 += v * load<f32>(y1);
        r2 += v * load<f32>(y2);
        r3 += v * load<f32>(y3);
        x += 4; y0 += 4; y1 += 4; y2 += 4; y3 += 4;
      }
      const z = c + cStride * matrix + ldc * <usize>row + ((<usize>column) << 2);
      const w = bias ? bias + ((<usize>column) << 2) : 0;
      finish1(z, r0, w, accumulate);
      if (last > 0) finish1(z + 4, r1, w ? w + 4 : 0, accumulate);
      if (last > 1) finish1(z + 8, r2, w ? w + 8 : 0, accumulate);
      if (last > 2) finish1(z + 12, r3, w ? w + 12 : 0, accumulate);
    }
  }
}

// @ts-ignore: decorator
@inline
function finish1(c: usize, sum: f32, bias: usize, accumulate: bool): void {
  if (bias) sum += load<f32>(bias);
  if (accumulate) sum += load<f32>(c);
  store<f32>(c, sum);
}

/**
 * C[row] = Σ over slices, in order, of the partial products (+ bias) (+ C). One item is a row of one matrix.
 * args: partials, bytes between slices, slices, c, bytes between rows of C, bytes between matrices C, m, n, bias or 0, accumulate
 */
export function gemmReduce(args: usize, begin: i32, end: i32): void {
  const partials = ptr(args, 0), between = ptr(args, 1);
  const slices = int(args, 2);
  const c = ptr(args, 3), ldc = ptr(args, 4), cStride = ptr(args, 5);
  const m = int(args, 6), n = int(args, 7);
  const bias = ptr(args, 8);
  const accumulate = int(args, 9) != 0;
  for (let item = begin; item < end; item++) {
    const matrix = item / m;
    const row = item % m;
    // Slices of one matrix lie together: [matrix, slice, row, column].
    let x = partials + between * <usize>(matrix * slices) + (<usize>(row * n) << 2);
    let z = c + cStride * <usize>matrix + ldc * <usize>row;
    let w = bias;
    let j = 0;
    for (; j <= n - 4; j += 4) {
      let sum = v128.load(x);
      for (let s = 1; s < slices; s++) sum = f32x4.add(sum, v128.load(x + between * <usize>s));
      finish(z, sum, w, accumulate);
      x += 16; z += 16;
      if (w) w += 16;
    }
    for (; j < n; j++) {
      let sum = load<f32>(x);
      for (let s = 1; s < slices; s++) sum += load<f32>(x + between * <usize>s);
      finish1(z, sum, w, accumulate);
      x += 4; z += 4;
      if (w) w += 4;
    }
  }
}
