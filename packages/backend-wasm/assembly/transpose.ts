import { int, ptr } from './lib/args';

/**
 * Y = Xᵀ for matrices of 4-byte numbers, 16 columns of X (a cache line) at a time. The matrices are numbered over
 * [d0, d1, d2, d3]; one item is 4 columns of X, 4 rows of Y, of one matrix.
 * args: x, bytes between rows of X, y, bytes between rows of Y, rows of X, columns of X, d1, d2, d3, strides of X for d0 … d3
 * (bytes), of Y
 */
export function transposeMatrices(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    ldx = ptr(args, 1),
    y = ptr(args, 2),
    ldy = ptr(args, 3);
  const rows = int(args, 4),
    cols = int(args, 5);
  const d1 = int(args, 6),
    d2 = int(args, 7),
    d3 = int(args, 8);
  const groups = (cols + 3) >> 2;
  let item = begin;
  while (item < end) {
    // Up to 4 groups of the same matrix go together.
    const matrix = item / groups;
    const group = item % groups;
    const together = min(min(4, end - item), groups - group);
    const i3 = <usize>(matrix % d3),
      r2 = matrix / d3;
    const i2 = <usize>(r2 % d2),
      r1 = r2 / d2;
    const i1 = <usize>(r1 % d1),
      i0 = <usize>(r1 / d1);
    const from = x + i0 * ptr(args, 9) + i1 * ptr(args, 10) + i2 * ptr(args, 11) + i3 * ptr(args, 12);
    const to = y + i0 * ptr(args, 13) + i1 * ptr(args, 14) + i2 * ptr(args, 15) + i3 * ptr(args, 16);
    transposeBand(
      from + ((<usize>group) << 4),
      ldx,
      to + ldy * <usize>(group << 2),
      ldy,
      rows,
      min(together << 2, cols - (group << 2)),
    );
    item += together;
  }
}

/** `cols` ≤ 16 columns of X into rows of Y. */
function transposeBand(x: usize, ldx: usize, y: usize, ldy: usize, rows: i32, cols: i32): void {
  let row = 0;
  for (; row <= rows - 4; row += 4) {
    let col = 0;
    let to = y;
    for (; col <= cols - 4; col += 4) {
      const from = x + ((<usize>col) << 2);
      const x0 = v128.load(from),
        x1 = v128.load(from + ldx),
        x2 = v128.load(from + ldx * 2),
        x3 = v128.load(from + ldx * 3);
      const p0 = i32x4.shuffle(x0, x1, 0, 4, 1, 5),
        p1 = i32x4.shuffle(x0, x1, 2, 6, 3, 7);
      const q0 = i32x4.shuffle(x2, x3, 0, 4, 1, 5),
        q1 = i32x4.shuffle(x2, x3, 2, 6, 3, 7);
      v128.store(to, i64x2.shuffle(p0, q0, 0, 2));
      v128.store(to + ldy, i64x2.shuffle(p0, q0, 1, 3));
      v128.store(to + ldy * 2, i64x2.shuffle(p1, q1, 0, 2));
      v128.store(to + ldy * 3, i64x2.shuffle(p1, q1, 1, 3));
      to += ldy << 2;
    }
    for (; col < cols; col++) {
      const from = x + ((<usize>col) << 2);
      for (let i: usize = 0; i < 4; i++) store<u32>(to + (i << 2), load<u32>(from + ldx * i));
      to += ldy;
    }
    x += ldx << 2;
    y += 16;
  }
  for (; row < rows; row++) {
    for (let col: usize = 0; col < <usize>cols; col++) store<u32>(y + ldy * col, load<u32>(x + (col << 2)));
    x += ldx;
    y += 4;
  }
}
