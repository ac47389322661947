/** One row of attention scores: the mask rule, the 2-D bias, the softmax and its gradient. */

import { at, clear } from './fused-address';
import { expf4, maxes4, mulAdd, sums4 } from './fused-math';
import { log1, log4, max4, splat, sum4 } from './math';

/**
 * How many keys query `i` sees: visible(i, j) = j < keyLength and (j < prefixLength or j ≤ i + offset) holds for a run of
 * keys from 0 on, and this is its length.
 */
// @ts-ignore: decorator
@inline
export function visibleKeys(i: i32, keyLength: i32, prefixLength: i32, offset: i32): i32 {
  return max(0, min(keyLength, max(prefixLength, i + offset + 1)));
}

/** All ones in the lanes below `count`. */
// @ts-ignore: decorator
@inline
function lanesBelow(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** row · scale in place. */
export function scaleRow(row: usize, visible: i32, scale: f32): void {
  const s = splat(scale);
  for (let j = 0; j < visible; j += 4) v128.store(at(row, j), f32x4.mul(v128.load(at(row, j)), s));
}

/** Adds the bias of the query at `position` to a row of scaled scores, where query and key are image tokens of the grid. */
export function addBias(row: usize, visible: i32, table: usize, position: i32, gridH: i32, gridW: i32): void {
  const y = position / gridW;
  const x = position % gridW;
  // Keys of one row of the grid are neighbours in the table, too.
  for (let keyY = 0; keyY < gridH; keyY++) {
    const bias = at(table, (keyY - y + gridH - 1) * (2 * gridW - 1) + gridW - 1 - x);
    const to = at(row, keyY * gridW);
    const count = min(gridW, visible - keyY * gridW);
    let j = 0;
    for (; j <= count - 4; j += 4) v128.store(at(to, j), f32x4.add(v128.load(at(to, j)), v128.load(at(bias, j))));
    for (; j < count; j++) store<f32>(at(to, j), load<f32>(at(to, j)) + load<f32>(at(bias, j)));
  }
}

/** The table's gradient: each score's gradient is added where `addBias` read. */
export function addBiasGrad(row: usize, visible: i32, table: usize, position: i32, gridH: i32, gridW: i32): void {
  const y = position / gridW;
  const x = position % gridW;
  for (let keyY = 0; keyY < gridH; keyY++) {
    const bias = at(table, (keyY - y + gridH - 1) * (2 * gridW - 1) + gridW - 1 - x);
    const from = at(row, keyY * gridW);
    const count = min(gridW, visible - keyY * gridW);
    let j = 0;
    for (; j <= count - 4; j += 4) v128.store(at(bias, j), f32x4.add(v128.load(at(bias, j)), v128.load(at(from, j))));
    for (; j < count; j++) store<f32>(at(bias, j), load<f32>(at(bias, j)) + load<f32>(at(from, j)));
  }
}

/**
 * Softmax in place of four rows of scores · scale, `rowBytes` apart, scale > 0. They see `seen0` … `seen3` keys; the
 * others become 0 up to `width` (a multiple of 4). log Σ exp of each row goes to `lse`: −∞ where nothing is visible. Four
 * rows at a time, because what is done once a row (largest, sum, logarithm, division) is then done once in four lanes.
 */
export function softmaxFour(
  row: usize,
  rowBytes: usize,
  seen0: i32,
  seen1: i32,
  seen2: i32,
  seen3: i32,
  width: i32,
  scale: f32,
  lse: usize,
): void {
  const row1 = row + rowBytes;
  const row2 = row1 + rowBytes;
  const row3 = row2 + rowBytes;
  hide(row, seen0, width);
  hide(row1, seen1, width);
  hide(row2, seen2, width);
  hide(row3, seen3, width);
  let m0 = splat(-Infinity);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  for (let j = 0; j < width; j += 4) {
    m0 = f32x4.max(m0, v128.load(at(row, j)));
    m1 = f32x4.max(m1, v128.load(at(row1, j)));
    m2 = f32x4.max(m2, v128.load(at(row2, j)));
    m3 = f32x4.max(m3, v128.load(at(row3, j)));
  }
  let largest = f32x4.mul(maxes4(m0, m1, m2, m3), splat(scale));
  // A row that sees nothing: −∞ − 0 is still −∞, and so its exponentials and their sum are 0.
  largest = v128.andnot(largest, f32x4.eq(largest, splat(-Infinity)));
  const s0 = exponentials(row, width, scale, i32x4.shuffle(largest, largest, 0, 0, 0, 0));
  const s1 = exponentials(row1, width, scale, i32x4.shuffle(largest, largest, 1, 1, 1, 1));
  const s2 = exponentials(row2, width, scale, i32x4.shuffle(largest, largest, 2, 2, 2, 2));
  const s3 = exponentials(row3, width, scale, i32x4.shuffle(largest, largest, 3, 3, 3, 3));
  const sums = sums4(s0, s1, s2, s3);
  v128.store(lse, f32x4.add(largest, log4(sums)));
  const inverse = v128.andnot(f32x4.div(splat(1), sums), f32x4.eq(sums, splat(0)));
  const i0 = i32x4.shuffle(inverse, inverse, 0, 0, 0, 0);
  const i1 = i32x4.shuffle(inverse, inverse, 1, 1, 1, 1);
  const i2 = i32x4.shuffle(inverse, inverse, 2, 2, 2, 2);
  const i3 = i32x4.shuffle(inverse, inverse, 3, 3, 3, 3);
  for (let j = 0; j < width; j += 4) {
    v128.store(at(row, j), f32x4.mul(v128.load(at(row, j)), i0));
    v128.store(at(row1, j), f32x4.mul(v128.load(at(row1, j)), i1));
    v128.store(at(row2, j), f32x4.mul(v128.load(at(row2, j)), i2));
    v128.store(at(row3, j), f32x4.mul(v128.load(at(row3, j)), i3));
  }
}

/** Writes −∞ from `visible` up to `width`. */
// @ts-ignore: decorator
@inline
function hide(row: usize, visible: i32, width: i32): void {
  let j = visible & ~3;
  if (j < visible) {
    const masked = v128.bitselect(v128.load(at(row, j)), splat(-Infinity), lanesBelow(visible - j));
    v128.store(at(row, j), masked);
    j += 4;
  }
  for (; j < width; j += 4) v128.store(at(row, j), splat(-Infinity));
}

/** exp(score · scale − largest) in place; their sums, lane by lane. */
// @ts-ignore: decorator
@inline
function exponentials(row: usize, width: i32, scale: f32, largest: v128): v128 {
  let sums = splat(0);
  for (let j = 0; j < width; j += 4) {
    const e = expf4(f32x4.sub(f32x4.mul(v128.load(at(row, j)), splat(scale)), largest));
    v128.store(at(row, j), e);
    sums = f32x4.add(sums, e);
  }
  return sums;
}

/** `softmaxFour` for one row; returns log Σ exp. */
export function softmaxRow(row: usize, visible: i32, width: i32, scale: f32): f32 {
  hide(row, visible, width);
  let best = splat(-Infinity);
  for (let j = 0; j < width; j += 4) best = f32x4.max(best, v128.load(at(row, j)));
  if (visible == 0) {
    clear(row, width);
    return -Infinity;
  }
  const largest = max4(best) * scale;
  const sum = sum4(exponentials(row, width, scale, splat(largest)));
  const inverse = splat(<f32>1 / sum);
  for (let j = 0; j < width; j += 4) v128.store(at(row, j), f32x4.mul(v128.load(at(row, j)), inverse));
  return largest + log1(sum);
}

/**
 * The probabilities p = exp(score · scale − lse) in place of `visible` scores, and ds = p · (dp − delta) · out in place
 * of the dp of `gradient`; zeros up to `width` in both.
 */
export function softmaxGradRow(
  row: usize,
  gradient: usize,
  visible: i32,
  width: i32,
  scale: f32,
  lse: f32,
  delta: f32,
  out: f32,
): void {
  const full = visible & ~3;
  const padded = (visible + 3) & ~3;
  clear(at(row, padded), width - padded);
  clear(at(gradient, padded), width - padded);
  const s = splat(scale);
  const l = splat(-lse);
  const d = splat(delta);
  const o = splat(out);
  for (let j = 0; j < padded; j += 4) {
    let p = expf4(mulAdd(v128.load(at(row, j)), s, l));
    if (j == full) p = v128.and(p, lanesBelow(visible - full));
    v128.store(at(row, j), p);
    v128.store(at(gradient, j), f32x4.mul(f32x4.mul(p, f32x4.sub(v128.load(at(gradient, j)), d)), o));
  }
}
