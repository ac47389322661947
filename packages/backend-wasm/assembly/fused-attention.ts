/**
 * Attention under the one mask rule. B rows of the batch, H heads, d head width. q, k, v, y are [B, T, H, d]: a head's rows
 * stand H · d numbers apart, and nothing is transposed in memory but a packed copy of one head's keys.
 */

import { float, int, ptr } from './lib/args';
import { at } from './lib/fused-address';
import { dots, packTransposed, panel } from './lib/fused-panel';
import { addBias, scaleRow, softmaxFour, softmaxRow, visibleKeys } from './lib/fused-softmax';

/** Below so many queries the packing of the keys does not pay. */
const PACK_FROM = 4;

/**
 * q, k, v, keyLengths, prefixLengths, bias, y, lse, scratch, B, Tq, Tk, H, d, offset, scale, gridHeight, gridWidth, pairs
 * (b, h) per item, scratch numbers per item. Items are runs of pairs. The scratch of an item holds the packed keys
 * [⌈Tk / 8⌉, d, 8] and four rows of ⌈Tk / 8⌉ · 8 scores.
 */
export function fusedPrefixAttention(args: usize, begin: i32, end: i32): void {
  const queries = int(args, 10);
  const keys = int(args, 11);
  const heads = int(args, 12);
  const width = int(args, 13);
  const offset = int(args, 14);
  const scale = float(args, 15);
  const gridH = int(args, 16);
  const gridW = int(args, 17);
  const perItem = int(args, 18);
  const tokens = gridH * gridW;
  const tableSize = (2 * gridH - 1) * (2 * gridW - 1);
  const stride = (<usize>(heads * width)) << 2;
  const padded = (keys + 7) & ~7;
  const rowBytes = (<usize>padded) << 2;
  const packs = queries >= PACK_FROM;

  for (let item = begin; item < end; item++) {
    const packed = at(ptr(args, 8), item * int(args, 19));
    const scores = at(packed, padded * width);
    const last = min(int(args, 9) * heads, (item + 1) * perItem);
    for (let pair = item * perItem; pair < last; pair++) {
      const b = pair / heads;
      const h = pair % heads;
      const keyLength = min(keys, load<i32>(at(ptr(args, 3), b)));
      const prefixLength = load<i32>(at(ptr(args, 4), b));
      const q = at(ptr(args, 0), (b * queries * heads + h) * width);
      const k = at(ptr(args, 1), (b * keys * heads + h) * width);
      const v = at(ptr(args, 2), (b * keys * heads + h) * width);
      const y = at(ptr(args, 6), (b * queries * heads + h) * width);
      const lse = at(ptr(args, 7), (b * heads + h) * queries);
      const table = at(ptr(args, 5), h * tableSize);
      if (packs) {
        packTransposed(k, stride, visibleKeys(queries - 1, keyLength, prefixLength, offset), width, packed);
      }
      for (let i = 0; i < queries; i += 4) {
        const rows = min(4, queries - i);
        const seen = visibleKeys(i + rows - 1, keyLength, prefixLength, offset);
        const seen4 = (seen + 3) & ~3;
        const qi = q + <usize>i * stride;
        if (packs) {
          panel(rows, qi, stride, 4, packed, 32, (<usize>width) << 5, scores, rowBytes, seen4, width, false);
        } else {
          for (let r = 0; r < rows; r++) {
            dots(qi + <usize>r * stride, k, stride, seen, width, scores + <usize>r * rowBytes);
          }
        }
        // The largest score is found before scaling; a bias, or a scale that turns the order round, comes first.
        const apart = i + offset < tokens || !(scale > 0);
        if (apart) {
          for (let r = 0; r < rows; r++) {
            const row = scores + <usize>r * rowBytes;
            const visible = visibleKeys(i + r, keyLength, prefixLength, offset);
            scaleRow(row, visible, scale);
            if (i + r + offset < tokens) addBias(row, visible, table, i + r + offset, gridH, gridW);
          }
        }
        const rest: f32 = apart ? 1 : scale;
        const out = at(lse, i);
        if (rows == 4) {
          const seen0 = visibleKeys(i, keyLength, prefixLength, offset);
          const seen1 = visibleKeys(i + 1, keyLength, prefixLength, offset);
          const seen2 = visibleKeys(i + 2, keyLength, prefixLength, offset);
          softmaxFour(scores, rowBytes, seen0, seen1, seen2, seen, seen4, rest, out);
        } else {
          for (let r = 0; r < rows; r++) {
            const visible = visibleKeys(i + r, keyLength, prefixLength, offset);
            store<f32>(at(out, r), softmaxRow(scores + <usize>r * rowBytes, visible, seen4, rest));
          }
        }
        panel(rows, scores, rowBytes, 4, v, stride, 32, y + <usize>i * stride, stride, width, seen, false);
      }
    }
  }
}
