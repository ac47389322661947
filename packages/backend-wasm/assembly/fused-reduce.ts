/** The second half of every reduction: partial results, one after another in memory, added in their order. */

import { int, ptr } from './lib/args';
import { at } from './lib/fused-address';

/**
 * partial[P, N], out[N], P, N, stride between partials (in numbers); items are blocks of 64 columns. The order of the
 * additions is that of the partials, whatever thread runs this.
 */
export function fusedSumPartials(args: usize, begin: i32, end: i32): void {
  const out = ptr(args, 1);
  const count = int(args, 2);
  const width = int(args, 3);
  const stride = int(args, 4);
  const last = min(width, end * 64);
  let column = begin * 64;
  for (; column <= last - 4; column += 4) {
    let partial = at(ptr(args, 0), column);
    let sum = f32x4.splat(0);
    for (let p = 0; p < count; p++) {
      sum = f32x4.add(sum, v128.load(partial));
      partial = at(partial, stride);
    }
    v128.store(at(out, column), sum);
  }
  for (; column < last; column++) {
    let partial = at(ptr(args, 0), column);
    let sum: f32 = 0;
    for (let p = 0; p < count; p++) {
      sum += load<f32>(partial);
      partial = at(partial, stride);
    }
    store<f32>(at(out, column), sum);
  }
}

/** x[R, N], partial[blocks, N], R, N, rows per block; items are blocks of rows: the sum of each block's rows. */
export function fusedColumnSums(args: usize, begin: i32, end: i32): void {
  const rows = int(args, 2);
  const width = int(args, 3);
  const blockRows = int(args, 4);
  for (let block = begin; block < end; block++) {
    const first = block * blockRows;
    const last = min(rows, first + blockRows);
    const out = at(ptr(args, 1), block * width);
    let column = 0;
    for (; column <= width - 16; column += 16) {
      let a = f32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      let x = at(ptr(args, 0), first * width + column);
      for (let row = first; row < last; row++) {
        a = f32x4.add(a, v128.load(x));
        b = f32x4.add(b, v128.load(x, 16));
        c = f32x4.add(c, v128.load(x, 32));
        d = f32x4.add(d, v128.load(x, 48));
        x = at(x, width);
      }
      v128.store(at(out, column), a);
      v128.store(at(out, column), b, 16);
      v128.store(at(out, column), c, 32);
      v128.store(at(out, column), d, 48);
    }
    for (; column < width; column++) {
      let sum: f32 = 0;
      for (let row = first; row < last; row++) sum += load<f32>(at(ptr(args, 0), row * width + column));
      store<f32>(at(out, column), sum);
    }
  }
}
