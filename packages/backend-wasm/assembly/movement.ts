import { int, ptr } from './lib/args';
import { copyBytes } from './lib/copy';

/**
 * Copies runs of 4-byte numbers between two arrays of any strides. Runs are numbered over [d0, d1, d2, d3, d4]; one item
 * is one run. args: from, to, bytes of a run, d1 … d4, strides of `from` for d0 … d4 (bytes), of `to`
 */
export function copyRuns(args: usize, begin: i32, end: i32): void {
  const from = ptr(args, 0),
    to = ptr(args, 1),
    bytes = ptr(args, 2);
  const d1 = int(args, 3),
    d2 = int(args, 4),
    d3 = int(args, 5),
    d4 = int(args, 6);
  const f0 = ptr(args, 7),
    f1 = ptr(args, 8),
    f2 = ptr(args, 9),
    f3 = ptr(args, 10),
    f4 = ptr(args, 11);
  const t0 = ptr(args, 12),
    t1 = ptr(args, 13),
    t2 = ptr(args, 14),
    t3 = ptr(args, 15),
    t4 = ptr(args, 16);
  // The indices of the first run; later ones are counted up.
  let rest = begin;
  let i4 = rest % d4;
  rest /= d4;
  let i3 = rest % d3;
  rest /= d3;
  let i2 = rest % d2;
  rest /= d2;
  let i1 = rest % d1;
  let i0 = rest / d1;
  for (let item = begin; item < end; ) {
    let source = from + f0 * <usize>i0 + f1 * <usize>i1 + f2 * <usize>i2 + f3 * <usize>i3 + f4 * <usize>i4;
    let target = to + t0 * <usize>i0 + t1 * <usize>i1 + t2 * <usize>i2 + t3 * <usize>i3 + t4 * <usize>i4;
    const together = min(d4 - i4, end - item);
    for (let j = 0; j < together; j++) {
      copyBytes(target, source, bytes);
      source += f4;
      target += t4;
    }
    item += together;
    i4 = 0;
    if (++i3 == d3) {
      i3 = 0;
      if (++i2 == d2) {
        i2 = 0;
        if (++i1 == d1) {
          i1 = 0;
          i0++;
        }
      }
    }
  }
}

/**
 * to[outer, j] = from[outer, indices[j]], rows of `bytes`. One item is a row of `to`.
 * args: from, to, indices, bytes, indices in all, rows of `from` per outer
 */
export function gatherRows(args: usize, begin: i32, end: i32): void {
  const from = ptr(args, 0),
    to = ptr(args, 1),
    indices = ptr(args, 2),
    bytes = ptr(args, 3);
  const count = int(args, 4),
    rows = int(args, 5);
  for (let item = begin; item < end; item++) {
    const row = (item / count) * rows + load<i32>(indices + ((<usize>(item % count)) << 2));
    copyBytes(to + bytes * <usize>item, from + bytes * <usize>row, bytes);
  }
}

/**
 * y[segment] = Σ of the rows x[i] with ids[i] = segment, in order of i; ids outside 0 … segments − 1 are dropped. One item is
 * 16 columns: threads share the columns, so that the order of the sums is always the same.
 * args: x, ids, y (zeros), rows, columns, segments
 */
export function segmentSum(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    ids = ptr(args, 1),
    y = ptr(args, 2);
  const rows = int(args, 3),
    cols = int(args, 4),
    segments = int(args, 5);
  const first = begin << 4;
  const last = min(end << 4, cols);
  for (let row = 0; row < rows; row++) {
    const id = load<i32>(ids + ((<usize>row) << 2));
    if (id < 0 || id >= segments) continue;
    let from = x + ((<usize>row * <usize>cols + <usize>first) << 2);
    let to = y + ((<usize>id * <usize>cols + <usize>first) << 2);
    let n = last - first;
    for (; n >= 4; n -= 4) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      from += 16;
      to += 16;
    }
    for (; n > 0; n--) {
      store<f32>(to, load<f32>(to) + load<f32>(from));
      from += 4;
      to += 4;
    }
  }
}

/** to[i] = from[i]. One item is one 4-byte number. args: from, to */
export function copyFlat(args: usize, begin: i32, end: i32): void {
  const offset = (<usize>begin) << 2;
  memory.copy(ptr(args, 1) + offset, ptr(args, 0) + offset, (<usize>(end - begin)) << 2);
}
