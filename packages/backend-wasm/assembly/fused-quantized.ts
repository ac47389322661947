/**
 * Matrices of integers, [O, I] in rows of int32 words: 8 bits as two's complement, 4 bits with 8 added. They become numbers in registers, four
 * at a time, or a panel of eight rows at a time for many rows of x.
 */

import { int, ptr } from './lib/args';
import { at } from './lib/fused-address';
import { splat, sum4 } from './lib/math';
import { decodeRow, eight, high, low, one } from './lib/integers';

/** packed[V, words], scales[V, groups], ids[R], y[R, I], I, bits, group, words, groups, V; items are rows. An id outside gives zeros. */
export function quantizedEmbedding(args: usize, begin: i32, end: i32): void {
  const width = int(args, 4), bits = int(args, 5), group = int(args, 6), words = int(args, 7), groups = int(args, 8);
  for (let row = begin; row < end; row++) {
    const id = load<i32>(at(ptr(args, 2), row));
    const y = at(ptr(args, 3), row * width);
    if (<u32>id < <u32>int(args, 9))
      decodeRow(at(ptr(args, 0), id * words), at(ptr(args, 1), id * groups), y, 4, width, bits, group);
    else memory.fill(y, 0, (<usize>width) << 2);
  }
}

/** packed[O, words], scales[O, groups], y[O, I], I, bits, group, words, groups; items are rows. */
export function dequantizeRows(args: usize, begin: i32, end: i32): void {
  const width = int(args, 3), bits = int(args, 4), group = int(args, 5), words = int(args, 6), groups = int(args, 7);
  for (let row = begin; row < end; row++)
    decodeRow(
      at(ptr(args, 0), row * words), at(ptr(args, 1), row * groups), at(ptr(args, 2), row * width), 4,
      width, bits, group,
    );
}

/** packed, scales, panels, I, bits, group, words, groups, O; items are panels of 8 rows, as `gemmPackBTransposed` makes them. */
export function quantizedPack(args: usize, begin: i32, end: i32): void {
  const width = int(args, 3), bits = int(args, 4), group = int(args, 5), words = int(args, 6), groups = int(args, 7);
  for (let item = begin; item < end; item++) {
    const panel = at(ptr(args, 2), item * width * 8);
    const rows = min(8, int(args, 8) - item * 8);
    if (rows < 8) memory.fill(panel, 0, (<usize>width) << 5);
    for (let j = 0; j < rows; j++) {
      const row = item * 8 + j;
      decodeRow(at(ptr(args, 0), row * words), at(ptr(args, 1), row * groups), at(panel, j), 32, width, bits, group);
    }
  }
}

/**
 * y = x · Wᵀ + b for a few rows of x: each row of W is read once for all of them. One item is four outputs.
 * args: 0 x[R, I], 1 packed, 2 scales, 3 b or 0, 4 y[R, O], 5 R, 6 I, 7 O, 8 bits, 9 group, 10 words, 11 groups
 */
export function quantizedFewRows(args: usize, begin: i32, end: i32): void {
  const rows = int(args, 5), width = int(args, 6), outputs = int(args, 7), bits = int(args, 8);
  const group = int(args, 9), words = int(args, 10), groups = int(args, 11);
  const bias = ptr(args, 3);
  for (let item = begin; item < end; item++) {
    const first = item * 4;
    const last = min(4, outputs - first) - 1;
    for (let row = 0; row < rows; row++) {
      const x = at(ptr(args, 0), row * width);
      const y = at(ptr(args, 4), row * outputs + first);
      let r0: f32 = 0, r1: f32 = 0, r2: f32 = 0, r3: f32 = 0;
      const w0 = at(ptr(args, 1), first * words);
      const w1 = at(w0, min(1, last) * words), w2 = at(w0, min(2, last) * words), w3 = at(w0, min(3, last) * words);
      const s0 = at(ptr(args, 2), first * groups);
      const s1 = at(s0, min(1, last) * groups), s2 = at(s0, min(2, last) * groups), s3 = at(s0, min(3, last) * groups);
      for (let g = 0; g < groups; g++) {
        const from = g * group;
        const count = min(group, width - from);
        const skip = <usize>((from * bits) >> 3);
        const scales = (<usize>g) << 2;
        const sums = bits == 8
          ? dots(8, at(x, from), w0 + skip, w1 + skip, w2 + skip, w3 + skip, count)
          : dots(4, at(x, from), w0 + skip, w1 + skip, w2 + skip, w3 + skip, count);
        r0 += f32x4.extract_lane(sums, 0) * load<f32>(s0 + scales);
        r1 += f32x4.extract_lane(sums, 1) * load<f32>(s1 + scales);
        r2 += f32x4.extract_lane(sums, 2) * load<f32>(s2 + scales);
        r3 += f32x4.extract_lane(sums, 3) * load<f32>(s3 + scales);
      }
      const b = bias ? at(bias, first) : 0;
      store<f32>(y, r0 + (b ? load<f32>(b) : 0));
      if (last > 0) store<f32>(y, r1 + (b ? load<f32>(b, 4) : 0), 4);
      if (last > 1) store<f32>(y, r2 + (b ? load<f32>(b, 8) : 0), 8);
      if (last > 2) store<f32>(y, r3 + (b ? load<f32>(b, 12) : 0), 12);
    }
  }
}

/** x · four rows of integers, which begin at a word. */
// @ts-ignore: decorator
@inline
function dots(bits: i32, x: usize, w0: usize, w1: usize, w2: usize, w3: usize, count: i32): v128 {
  let a0 = splat(0), a1 = splat(0), a2 = splat(0), a3 = splat(0);
  let b0 = splat(0), b1 = splat(0), b2 = splat(0), b3 = splat(0);
  for (; count >= 8; count -= 8) {
    const u = v128.load(x), v = v128.load(x, 16);
    const c0 = eight(bits, w0), c1 = eight(bits, w1), c2 = eight(bits, w2), c3 = eight(bits, w3);
    a0 = f32x4.add(a0, f32x4.mul(u, low(c0)));
    b0 = f32x4.add(b0, f32x4.mul(v, high(c0)));
    a1 = f32x4.add(a1, f32x4.mul(u, low(c1)));
    b1 = f32x4.add(b1, f32x4.mul(v, high(c1)));
    a2 = f32x4.add(a2, f32x4.mul(u, low(c2)));
    b2 = f32x4.add(b2, f32x4.mul(v, high(c2)));
    a3 = f32x4.add(a3, f32x4.mul(u, low(c3)));
    b3 = f32x4.add(b3, f32x4.mul(v, high(c3)));
    x += 32; w0 += bits; w1 += bits; w2 += bits; w3 += bits;
  }
  let r0 = sum4(f32x4.add(a0, b0)), r1 = sum4(f32x4.add(a1, b1));
  let r2 = sum4(f32x4.add(a2, b2)), r3 = sum4(f32x4.add(a3, b3));
  for (let i = 0; i < count; i++) {
    const v = load<f32>(at(x, i));
    r0 += v * one(bits, w0, i);
    r1 += v * one(bits, w1, i);
    r2 += v * one(bits, w2, i);
    r3 += v * one(bits, w3, i);
  }
  return joined(r0, r1, r2, r3);
}

// @ts-ignore: decorator
@inline
function joined(r0: f32, r1: f32, r2: f32, r3: f32): v128 {
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(splat(r0), 1, r1), 2, r2), 3, r3);
}
