/** Dropout by a counter: Philox-4x32-10 (Salmon et al., 2011), eight draws of 16 bits a counter. */

import { float, int, ptr } from './lib/args';
import { at } from './lib/fused-address';

// @ts-ignore: decorator
@inline
const MULTIPLIER_0: u64 = 0xd2511f53;
// @ts-ignore: decorator
@inline
const MULTIPLIER_1: u64 = 0xcd9e8d57;
// @ts-ignore: decorator
@inline
const WEYL_0: u32 = 0x9e3779b9;
// @ts-ignore: decorator
@inline
const WEYL_1: u32 = 0xbb67ae85;

/** Numbers `first` and `first + 1` of a row by the halves of a word; one of them may be behind the end. */
// @ts-ignore: decorator
@inline
function two(word: u32, x: usize, y: usize, first: i32, end: i32, threshold: u32, scale: f32): void {
  if (first < end) store<f32>(at(y, first), (word & 0xffff) >= threshold ? load<f32>(at(x, first)) * scale : 0);
  const next = first + 1;
  if (next < end) store<f32>(at(y, next), word >>> 16 >= threshold ? load<f32>(at(x, next)) * scale : 0);
}

/** x[B, N], seeds[B, 2], y, N, counters a row, site, threshold, scale; items are counters. */
export function fusedDropout(args: usize, begin: i32, end: i32): void {
  const perRow = int(args, 3);
  const counters = int(args, 4);
  const site = <u32>int(args, 5);
  const threshold = <u32>int(args, 6);
  const scale = float(args, 7);
  for (let item = begin; item < end; item++) {
    const row = item / counters;
    const counter = item - row * counters;
    let key0 = load<u32>(at(ptr(args, 1), 2 * row));
    let key1 = load<u32>(at(ptr(args, 1), 2 * row + 1));
    let c0: u32 = counter;
    let c1: u32 = site;
    let c2: u32 = 0;
    let c3: u32 = 0;
    for (let round = 0; round < 10; round++) {
      const product0 = MULTIPLIER_0 * <u64>c0;
      const product1 = MULTIPLIER_1 * <u64>c2;
      c0 = <u32>(product1 >>> 32) ^ c1 ^ key0;
      c1 = <u32>product1;
      c2 = <u32>(product0 >>> 32) ^ c3 ^ key1;
      c3 = <u32>product0;
      key0 += WEYL_0;
      key1 += WEYL_1;
    }
    const x = at(ptr(args, 0), row * perRow);
    const y = at(ptr(args, 2), row * perRow);
    const first = counter << 3;
    two(c0, x, y, first, perRow, threshold, scale);
    two(c1, x, y, first + 2, perRow, threshold, scale);
    two(c2, x, y, first + 4, perRow, threshold, scale);
    two(c3, x, y, first + 6, perRow, threshold, scale);
  }
}
