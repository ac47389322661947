import { float, int, ptr } from './lib/args';
import { exp4, max4, splat, sum4 } from './lib/math';

const enum Reduce { Sum, Max, Min }

/** Numbers of a row that are summed before they join the total: keeps the rounding error of long sums small. */
const RUN = 512;

/** Σ x[0 … n − 1]: 16 running sums over runs of 512, the runs added up in order. */
// @ts-ignore: decorator
@inline
function rowSum(x: usize, n: i32): f32 {
  let total: f32 = 0;
  while (n > 0) {
    let i = min(n, RUN);
    n -= i;
    let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
    for (; i >= 16; i -= 16) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
      x += 64;
    }
    for (; i >= 4; i -= 4) {
      s0 = f32x4.add(s0, v128.load(x));
      x += 16;
    }
    let part = sum4(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    for (; i > 0; i--) {
      part += load<f32>(x);
      x += 4;
    }
    total += part;
  }
  return total;
}

/** max of x[0 … n − 1], NaN if one of them is. */
// @ts-ignore: decorator
@inline
function rowMax(x: usize, n: i32): f32 {
  let m0 = splat(-Infinity), m1 = splat(-Infinity);
  for (; n >= 8; n -= 8) {
    m0 = f32x4.max(m0, v128.load(x));
    m1 = f32x4.max(m1, v128.load(x, 16));
    x += 32;
  }
  let largest = max4(f32x4.max(m0, m1));
  for (; n > 0; n--) {
    largest = max<f32>(largest, load<f32>(x));
    x += 4;
  }
  return largest;
}

function rowMin(x: usize, n: i32): f32 {
  let smallest: f32 = Infinity;
  for (; n > 0; n--) {
    smallest = min<f32>(smallest, load<f32>(x));
    x += 4;
  }
  return smallest;
}

/**
 * y[row] = reduction of x[row, 0 … n − 1], times `scale`. Rows may be shorter than their distance and the last may be
 * shorter than the others: `total` numbers in all. One item is a row. args: op, x, y, n, scale (f32), total
 */
export function reduceRows(args: usize, begin: i32, end: i32): void {
  const op = int(args, 0), n = int(args, 3), total = int(args, 5);
  const x = ptr(args, 1), y = ptr(args, 2);
  const scale = float(args, 4);
  for (let row = begin; row < end; row++) {
    const from = x + (((<usize>row) * <usize>n) << 2);
    const length = min(n, total - row * n);
    let result: f32;
    if (op == Reduce.Sum) result = rowSum(from, length) * scale;
    else if (op == Reduce.Max) result = rowMax(from, length);
    else result = rowMin(from, length);
    store<f32>(y + ((<usize>row) << 2), result);
  }
}

/** Rows that are summed before they join the total. */
const ROWS = 32;

/** y[0 … width − 1] = reduction over `rows` rows of x, `ldx` bytes apart; four columns at a time. */
function reduceColumn4(op: i32, x: usize, ldx: usize, rows: i32): v128 {
  if (op == Reduce.Sum) {
    let total = splat(0);
    while (rows > 0) {
      let i = min(rows, ROWS);
      rows -= i;
      let part = splat(0);
      for (; i > 0; i--) {
        part = f32x4.add(part, v128.load(x));
        x += ldx;
      }
      total = f32x4.add(total, part);
    }
    return total;
  }
  let result = splat(op == Reduce.Max ? -Infinity : Infinity);
  for (; rows > 0; rows--) {
    result = op == Reduce.Max ? f32x4.max(result, v128.load(x)) : f32x4.min(result, v128.load(x));
    x += ldx;
  }
  return result;
}

/** As `reduceColumn4` for 16 columns of sums. */
// @ts-ignore: decorator
@inline
function sumColumns16(x: usize, ldx: usize, rows: i32, y: usize, scale: v128): void {
  let t0 = splat(0), t1 = splat(0), t2 = splat(0), t3 = splat(0);
  while (rows > 0) {
    let i = min(rows, ROWS);
    rows -= i;
    let p0 = splat(0), p1 = splat(0), p2 = splat(0), p3 = splat(0);
    for (; i > 0; i--) {
      p0 = f32x4.add(p0, v128.load(x));
      p1 = f32x4.add(p1, v128.load(x, 16));
      p2 = f32x4.add(p2, v128.load(x, 32));
      p3 = f32x4.add(p3, v128.load(x, 48));
      x += ldx;
    }
    t0 = f32x4.add(t0, p0);
    t1 = f32x4.add(t1, p1);
    t2 = f32x4.add(t2, p2);
    t3 = f32x4.add(t3, p3);
  }
  v128.store(y, f32x4.mul(t0, scale));
  v128.store(y, f32x4.mul(t1, scale), 16);
  v128.store(y, f32x4.mul(t2, scale), 32);
  v128.store(y, f32x4.mul(t3, scale), 48);
}

/**
 * y[outer, slice, column] = reduction of x[outer, rows of the slice, column], times `scale`. One item is 16 columns of one
 * slice of one outer index. args: op, x, y, rows, columns, scale (f32), rows of a slice
 */
export function reduceColumns(args: usize, begin: i32, end: i32): void {
  const op = int(args, 0), rows = int(args, 3), cols = int(args, 4), perSlice = int(args, 6);
  const x = ptr(args, 1), y = ptr(args, 2);
  const scale = float(args, 5);
  const blocks = (cols + 15) >> 4;
  const slices = (rows + perSlice - 1) / perSlice;
  const ldx = (<usize>cols) << 2;
  for (let item = begin; item < end; item++) {
    let column = (item % blocks) << 4;
    const part = item / blocks;
    const outer = part / slices;
    const first = (part % slices) * perSlice;
    const count = min(perSlice, rows - first);
    let from = x + ldx * ((<usize>outer) * <usize>rows + <usize>first) + ((<usize>column) << 2);
    let to = y + ldx * <usize>part + ((<usize>column) << 2);
    const stop = min(cols, column + 16);
    if (op == Reduce.Sum && stop - column == 16) {
      sumColumns16(from, ldx, count, to, splat(scale));
      continue;
    }
    for (; column < stop; column += 4) {
      // The last vector may reach past the row: its lanes past the end are not stored.
      let result = reduceColumn4(op, from, ldx, count);
      if (op == Reduce.Sum) result = f32x4.mul(result, splat(scale));
      if (stop - column >= 4) v128.store(to, result);
      else {
        store<f32>(to, f32x4.extract_lane(result, 0));
        if (stop - column > 1) store<f32>(to, f32x4.extract_lane(result, 1), 4);
        if (stop - column > 2) store<f32>(to, f32x4.extract_lane(result, 2), 8);
      }
      from += 16;
      to += 16;
    }
  }
}

/** y[row] = softmax(x[row]), n numbers. One item is a row. args: x, y, n */
export function softmaxRows(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0), y = ptr(args, 1);
  const n = int(args, 2);
  for (let row = begin; row < end; row++) {
    const start = ((<usize>row) * <usize>n) << 2;
    const largest = splat(rowMax(x + start, n));
    let from = x + start;
    let to = y + start;
    let i = n;
    for (; i >= 4; i -= 4) {
      v128.store(to, exp4(f32x4.sub(v128.load(from), largest)));
      from += 16;
      to += 16;
    }
    for (; i > 0; i--) {
      store<f32>(to, f32x4.extract_lane(exp4(f32x4.sub(v128.load_splat<f32>(from), largest)), 0));
      from += 4;
      to += 4;
    }
    const scale: f32 = <f32>1 / rowSum(y + start, n);
    const factor = splat(scale);
    to = y + start;
    for (i = n; i >= 4; i -= 4) {
      v128.store(to, f32x4.mul(v128.load(to), factor));
      to += 16;
    }
    for (; i > 0; i--) {
      store<f32>(to, load<f32>(to) * scale);
      to += 4;
    }
  }
}
