/**
 * The matrix products inside attention: panels of four rows, blocked in registers. All strides are in bytes, so that an
 * operand can be a tensor [B, T, H, d] as it stands, a transposed tile, or a packed one.
 */

import { mulAdd, sums4 } from './fused-math';
import { splat, sum4 } from './math';

/**
 * C[rows, n] = A[rows, k] · B[k, n], or added to C. `rows` is 1 to 4. A's numbers stand `aRow` and `aStep` bytes
 * apart; B's rows `bRow` bytes, and each block of eight columns `bBlock` bytes after the one before.
 */
export function panel(
  rows: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bBlock: usize,
  c: usize,
  cRow: usize,
  n: i32,
  k: i32,
  add: bool,
): void {
  if (rows == 4) {
    fourRows(a, aRow, aStep, b, bRow, bBlock, c, cRow, n, k, add);
    return;
  }
  for (let row = 0; row < rows; row++) {
    oneRow(a, aStep, b, bRow, bBlock, c, n, k, add);
    a += aRow;
    c += cRow;
  }
}

function fourRows(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bBlock: usize,
  c: usize,
  cRow: usize,
  n: i32,
  k: i32,
  add: bool,
): void {
  for (; n >= 8; n -= 8) {
    tile8(a, aRow, aStep, b, bRow, c, cRow, k, add);
    b += bBlock;
    c += 32;
  }
  if (n & 4) {
    tile4(a, aRow, aStep, b, bRow, c, cRow, k, add);
    b += 16;
    c += 16;
  }
  if (n & 3) {
    for (let row = 0; row < 4; row++) {
      lastColumns(a, aStep, b, bRow, c, n & 3, k, add);
      a += aRow;
      c += cRow;
    }
  }
}

/** 4 × 8 sums in registers. A function of its own: in a larger one V8 spills some of them inside the loop. */
function tile8(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  k: i32,
  add: bool,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  let s00 = splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (add) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += bRow;
    const x0 = v128.load32_splat(a);
    s00 = mulAdd(x0, b0, s00);
    s01 = mulAdd(x0, b1, s01);
    a += aStep;
    const x1 = v128.load32_splat(a1);
    s10 = mulAdd(x1, b0, s10);
    s11 = mulAdd(x1, b1, s11);
    a1 += aStep;
    const x2 = v128.load32_splat(a2);
    s20 = mulAdd(x2, b0, s20);
    s21 = mulAdd(x2, b1, s21);
    a2 += aStep;
    const x3 = v128.load32_splat(a3);
    s30 = mulAdd(x3, b0, s30);
    s31 = mulAdd(x3, b1, s31);
    a3 += aStep;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** 4 × 4 sums in registers. */
function tile4(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  k: i32,
  add: bool,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  let s0 = splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  if (add) {
    s0 = v128.load(c);
    s1 = v128.load(c1);
    s2 = v128.load(c2);
    s3 = v128.load(c3);
  }
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    s0 = mulAdd(v128.load32_splat(a), b0, s0);
    s1 = mulAdd(v128.load32_splat(a1), b0, s1);
    s2 = mulAdd(v128.load32_splat(a2), b0, s2);
    s3 = mulAdd(v128.load32_splat(a3), b0, s3);
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += bRow;
  }
  v128.store(c, s0);
  v128.store(c1, s1);
  v128.store(c2, s2);
  v128.store(c3, s3);
}

function oneRow(
  a: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bBlock: usize,
  c: usize,
  n: i32,
  k: i32,
  add: bool,
): void {
  const zero = splat(0);
  let j = 0;
  for (; j <= n - 8; j += 8) {
    let s0 = zero;
    let s1 = zero;
    if (add) {
      s0 = v128.load(c);
      s1 = v128.load(c, 16);
    }
    let p = a;
    let q = b;
    for (let i = 0; i < k; i++) {
      const x = v128.load32_splat(p);
      s0 = mulAdd(x, v128.load(q), s0);
      s1 = mulAdd(x, v128.load(q, 16), s1);
      p += aStep;
      q += bRow;
    }
    v128.store(c, s0);
    v128.store(c, s1, 16);
    b += bBlock;
    c += 32;
  }
  if (n & 4) {
    let s = add ? v128.load(c) : zero;
    let p = a;
    let q = b;
    for (let i = 0; i < k; i++) {
      s = mulAdd(v128.load32_splat(p), v128.load(q), s);
      p += aStep;
      q += bRow;
    }
    v128.store(c, s);
    b += 16;
    c += 16;
  }
  if (n & 3) lastColumns(a, aStep, b, bRow, c, n & 3, k, add);
}

/** Fewer than four columns of one row. */
function lastColumns(a: usize, aStep: usize, b: usize, bRow: usize, c: usize, n: i32, k: i32, add: bool): void {
  for (let j = 0; j < n; j++) {
    let sum: f32 = add ? load<f32>(c) : 0;
    let p = a;
    let q = b;
    for (let i = 0; i < k; i++) {
      sum += load<f32>(p) * load<f32>(q);
      p += aStep;
      q += bRow;
    }
    store<f32>(c, sum);
    b += 4;
    c += 4;
  }
}

/**
 * Packs `rows` rows of `width` numbers, `stride` bytes apart, transposed into blocks of eight columns
 * [⌈rows / 8⌉, width, 8], with zeros after the last row: the B of `panel` with bRow = 32 and bBlock = 32 · width.
 */
export function packTransposed(x: usize, stride: usize, rows: i32, width: i32, out: usize): void {
  for (let row = 0; row < rows; row += 8) {
    packFour(x, stride, min(4, rows - row), width, out);
    packFour(x + 4 * stride, stride, min(4, rows - row - 4), width, out + 16);
    x += 8 * stride;
    out += <usize>width << 5;
  }
}

// @ts-ignore: decorator
@inline
function packFour(x: usize, stride: usize, rows: i32, width: i32, out: usize): void {
  let i = 0;
  if (rows == 4) {
    const x1 = x + stride;
    const x2 = x1 + stride;
    const x3 = x2 + stride;
    for (; i <= width - 4; i += 4) {
      const offset = <usize>i << 2;
      const a = v128.load(x + offset);
      const b = v128.load(x1 + offset);
      const c = v128.load(x2 + offset);
      const d = v128.load(x3 + offset);
      const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5);
      const ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
      const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5);
      const cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
      const to = out + (<usize>i << 5);
      v128.store(to, i64x2.shuffle(ab0, cd0, 0, 2));
      v128.store(to, i64x2.shuffle(ab0, cd0, 1, 3), 32);
      v128.store(to, i64x2.shuffle(ab1, cd1, 0, 2), 64);
      v128.store(to, i64x2.shuffle(ab1, cd1, 1, 3), 96);
    }
  }
  for (; i < width; i++) {
    const to = out + (<usize>i << 5);
    v128.store(to, splat(0));
    for (let row = 0; row < rows; row++) {
      store<f32>(to + (<usize>row << 2), load<f32>(x + <usize>row * stride + (<usize>i << 2)));
    }
  }
}

/** Σ a · b over `width` numbers. */
// @ts-ignore: decorator
@inline
export function dot(a: usize, b: usize, width: i32): f32 {
  let s0 = splat(0);
  let s1 = s0;
  let i = 0;
  for (; i <= width - 8; i += 8) {
    s0 = mulAdd(v128.load(a), v128.load(b), s0);
    s1 = mulAdd(v128.load(a, 16), v128.load(b, 16), s1);
    a += 32;
    b += 32;
  }
  let sum = sum4(f32x4.add(s0, s1));
  for (; i < width; i++) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}

/** out[j] = a · row j of b, for j < rows: without packing, for the one query of a decoding step. */
export function dots(a: usize, b: usize, stride: usize, rows: i32, width: i32, out: usize): void {
  let j = 0;
  const bytes: usize = <usize>(width & ~3) << 2;
  for (; j <= rows - 4; j += 4) {
    let s0 = splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const b1 = b + stride;
    const b2 = b1 + stride;
    const b3 = b2 + stride;
    let i: usize = 0;
    for (; i < bytes; i += 16) {
      const x = v128.load(a + i);
      s0 = mulAdd(x, v128.load(b + i), s0);
      s1 = mulAdd(x, v128.load(b1 + i), s1);
      s2 = mulAdd(x, v128.load(b2 + i), s2);
      s3 = mulAdd(x, v128.load(b3 + i), s3);
    }
    let sums = sums4(s0, s1, s2, s3);
    for (; i < (<usize>width << 2); i += 4) {
      const x = load<f32>(a + i);
      sums = f32x4.add(
        sums,
        f32x4(x * load<f32>(b + i), x * load<f32>(b1 + i), x * load<f32>(b2 + i), x * load<f32>(b3 + i)),
      );
    }
    v128.store(out, sums);
    out += 16;
    b += 4 * stride;
  }
  for (; j < rows; j++) {
    store<f32>(out, dot(a, b, width));
    out += 4;
    b += stride;
  }
}
