import { splat } from './math';
import { threadScratch } from './thread';

/**
 * The inner kernel of every matrix product: a tile of 5 × 8 (or 4 × 8) sums in registers, a row of B as two vectors,
 * one splat load per element of A. With sixteen vector registers 5 × 8 is the largest tile that does not
 * spill; on one core it reaches 53 GFLOP/s where 4 × 8 and 6 × 8 stay at 45.
 */

/**
 * C[rows, cols] = A · B (+ bias) (+ C). `rs` and `ks` are the bytes between rows and between k of A; B comes in panels
 * of 8 columns, `bp` bytes from panel to panel and `bs` from k to k. Up to 28 bytes past the end of a row of `bias` and
 * of C may be read, none are written.
 */
export function block(
  a: usize,
  rs: usize,
  ks: usize,
  b: usize,
  bp: usize,
  bs: usize,
  k: i32,
  c: usize,
  ldc: usize,
  rows: i32,
  cols: i32,
  bias: usize,
  accumulate: bool,
): void {
  // As many tiles of 4 rows as make the rest divisible by 5 (any number from 12 on is 5x + 4y).
  const fours = (5 - (rows % 5)) % 5;
  const fives = rows >= fours << 2 ? (rows - (fours << 2)) / 5 : rows / 5;
  const scratch = threadScratch();
  for (let column = 0; column < cols; column += 8) {
    const width = cols - column;
    let left = rows;
    let at = a;
    let to = c;
    while (left > 0) {
      const five = left > rows - fives * 5;
      const height = five ? 5 : min(4, left);
      const start: usize = accumulate ? to : 0;
      // An incomplete tile is made aside, and the columns that exist are copied.
      const target = width >= 8 ? to : scratch;
      const step: usize = width >= 8 ? ldc : 32;
      if (width < 8 && accumulate) copyTile(to, ldc, scratch, 32, height, width);
      const from: usize = start ? target : 0;
      if (five) tile5(at, rs, ks, b, bs, k, target, step, 5, bias, from);
      else tile4(at, rs, ks, b, bs, k, target, step, height, bias, from);
      if (width < 8) copyTile(scratch, 32, to, ldc, height, width);
      at += rs * <usize>height;
      to += ldc * <usize>height;
      left -= height;
    }
    b += bp;
    c += 32;
    if (bias) bias += 32;
  }
}

function copyTile(from: usize, fromRow: usize, to: usize, toRow: usize, rows: i32, cols: i32): void {
  for (; rows > 0; rows--) {
    memory.copy(to, from, (<usize>cols) << 2);
    from += fromRow;
    to += toRow;
  }
}

/**
 * 5 × 8 numbers of C. `ks` and `bs` are the bytes between successive k in A and in B; rows past `rows` repeat the last one
 * and are not stored. The sums start from the bias and from C, never end with them: a branch after the loop that
 * uses the sums would make V8 spill all of them inside it.
 */
function tile5(
  a: usize,
  rs: usize,
  ks: usize,
  b: usize,
  bs: usize,
  k: i32,
  c: usize,
  ldc: usize,
  rows: i32,
  bias: usize,
  from: usize,
): void {
  let lo0 = splat(0),
    hi0 = splat(0);
  let lo1 = splat(0),
    hi1 = splat(0);
  let lo2 = splat(0),
    hi2 = splat(0);
  let lo3 = splat(0),
    hi3 = splat(0);
  let lo4 = splat(0),
    hi4 = splat(0);
  if (bias) {
    lo0 = v128.load(bias);
    hi0 = v128.load(bias, 16);
    lo1 = lo0;
    hi1 = hi0;
    lo2 = lo0;
    hi2 = hi0;
    lo3 = lo0;
    hi3 = hi0;
    lo4 = lo0;
    hi4 = hi0;
  }
  if (from) {
    lo0 = f32x4.add(lo0, v128.load(from));
    hi0 = f32x4.add(hi0, v128.load(from, 16));
    if (rows > 1) from += ldc;
    lo1 = f32x4.add(lo1, v128.load(from));
    hi1 = f32x4.add(hi1, v128.load(from, 16));
    if (rows > 2) from += ldc;
    lo2 = f32x4.add(lo2, v128.load(from));
    hi2 = f32x4.add(hi2, v128.load(from, 16));
    if (rows > 3) from += ldc;
    lo3 = f32x4.add(lo3, v128.load(from));
    hi3 = f32x4.add(hi3, v128.load(from, 16));
    if (rows > 4) from += ldc;
    lo4 = f32x4.add(lo4, v128.load(from));
    hi4 = f32x4.add(hi4, v128.load(from, 16));
  }
  let a1 = a + rs * <usize>min(1, rows - 1);
  let a2 = a + rs * <usize>min(2, rows - 1);
  let a3 = a + rs * <usize>min(3, rows - 1);
  let a4 = a + rs * <usize>min(4, rows - 1);
  for (; k > 0; k--) {
    const lo = v128.load(b),
      hi = v128.load(b, 16);
    b += bs;
    const x0 = v128.load_splat<f32>(a);
    lo0 = f32x4.add(lo0, f32x4.mul(x0, lo));
    hi0 = f32x4.add(hi0, f32x4.mul(x0, hi));
    a += ks;
    const x1 = v128.load_splat<f32>(a1);
    lo1 = f32x4.add(lo1, f32x4.mul(x1, lo));
    hi1 = f32x4.add(hi1, f32x4.mul(x1, hi));
    a1 += ks;
    const x2 = v128.load_splat<f32>(a2);
    lo2 = f32x4.add(lo2, f32x4.mul(x2, lo));
    hi2 = f32x4.add(hi2, f32x4.mul(x2, hi));
    a2 += ks;
    const x3 = v128.load_splat<f32>(a3);
    lo3 = f32x4.add(lo3, f32x4.mul(x3, lo));
    hi3 = f32x4.add(hi3, f32x4.mul(x3, hi));
    a3 += ks;
    const x4 = v128.load_splat<f32>(a4);
    lo4 = f32x4.add(lo4, f32x4.mul(x4, lo));
    hi4 = f32x4.add(hi4, f32x4.mul(x4, hi));
    a4 += ks;
  }
  v128.store(c, lo0);
  v128.store(c, hi0, 16);
  if (rows > 1) {
    c += ldc;
    v128.store(c, lo1);
    v128.store(c, hi1, 16);
  }
  if (rows > 2) {
    c += ldc;
    v128.store(c, lo2);
    v128.store(c, hi2, 16);
  }
  if (rows > 3) {
    c += ldc;
    v128.store(c, lo3);
    v128.store(c, hi3, 16);
  }
  if (rows > 4) {
    c += ldc;
    v128.store(c, lo4);
    v128.store(c, hi4, 16);
  }
}

/**
 * 4 × 8 numbers of C. `ks` and `bs` are the bytes between successive k in A and in B; rows past `rows` repeat the last one
 * and are not stored. The sums start from the bias and from C, never end with them: a branch after the loop that
 * uses the sums would make V8 spill all of them inside it.
 */
function tile4(
  a: usize,
  rs: usize,
  ks: usize,
  b: usize,
  bs: usize,
  k: i32,
  c: usize,
  ldc: usize,
  rows: i32,
  bias: usize,
  from: usize,
): void {
  let lo0 = splat(0),
    hi0 = splat(0);
  let lo1 = splat(0),
    hi1 = splat(0);
  let lo2 = splat(0),
    hi2 = splat(0);
  let lo3 = splat(0),
    hi3 = splat(0);
  if (bias) {
    lo0 = v128.load(bias);
    hi0 = v128.load(bias, 16);
    lo1 = lo0;
    hi1 = hi0;
    lo2 = lo0;
    hi2 = hi0;
    lo3 = lo0;
    hi3 = hi0;
  }
  if (from) {
    lo0 = f32x4.add(lo0, v128.load(from));
    hi0 = f32x4.add(hi0, v128.load(from, 16));
    if (rows > 1) from += ldc;
    lo1 = f32x4.add(lo1, v128.load(from));
    hi1 = f32x4.add(hi1, v128.load(from, 16));
    if (rows > 2) from += ldc;
    lo2 = f32x4.add(lo2, v128.load(from));
    hi2 = f32x4.add(hi2, v128.load(from, 16));
    if (rows > 3) from += ldc;
    lo3 = f32x4.add(lo3, v128.load(from));
    hi3 = f32x4.add(hi3, v128.load(from, 16));
  }
  let a1 = a + rs * <usize>min(1, rows - 1);
  let a2 = a + rs * <usize>min(2, rows - 1);
  let a3 = a + rs * <usize>min(3, rows - 1);
  for (; k > 0; k--) {
    const lo = v128.load(b),
      hi = v128.load(b, 16);
    b += bs;
    const x0 = v128.load_splat<f32>(a);
    lo0 = f32x4.add(lo0, f32x4.mul(x0, lo));
    hi0 = f32x4.add(hi0, f32x4.mul(x0, hi));
    a += ks;
    const x1 = v128.load_splat<f32>(a1);
    lo1 = f32x4.add(lo1, f32x4.mul(x1, lo));
    hi1 = f32x4.add(hi1, f32x4.mul(x1, hi));
    a1 += ks;
    const x2 = v128.load_splat<f32>(a2);
    lo2 = f32x4.add(lo2, f32x4.mul(x2, lo));
    hi2 = f32x4.add(hi2, f32x4.mul(x2, hi));
    a2 += ks;
    const x3 = v128.load_splat<f32>(a3);
    lo3 = f32x4.add(lo3, f32x4.mul(x3, lo));
    hi3 = f32x4.add(hi3, f32x4.mul(x3, hi));
    a3 += ks;
  }
  v128.store(c, lo0);
  v128.store(c, hi0, 16);
  if (rows > 1) {
    c += ldc;
    v128.store(c, lo1);
    v128.store(c, hi1, 16);
  }
  if (rows > 2) {
    c += ldc;
    v128.store(c, lo2);
    v128.store(c, hi2, 16);
  }
  if (rows > 3) {
    c += ldc;
    v128.store(c, lo3);
    v128.store(c, hi3, 16);
  }
}
