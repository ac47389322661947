/** The gradient of attention; layouts and mask are those of `fused-attention`. */

import { float, int, ptr } from './lib/args';
import { at, clear } from './lib/fused-address';
import { dot, packTransposed, panel } from './lib/fused-panel';
import { addBias, addBiasGrad, scaleRow, softmaxGradRow, visibleKeys } from './lib/fused-softmax';

/** Queries whose probabilities are kept at a time: 2 · 32 rows of scores, whatever the length. */
const TILE = 32;

/**
 * q, k, v, keyLengths, prefixLengths, bias, y, lse, dy, dq, dk, dv, dbias[B, H, table] (one part per pair), scratch, B,
 * Tq, Tk, H, d, offset, scale, gridHeight, gridWidth, pairs (b, h) per item, scratch numbers per item. Items are runs of
 * pairs. The scratch of an item holds packed keys, packed values, and TILE rows of probabilities and of their gradients.
 *
 * With s = scale · q kᵀ + bias, p = softmax(s), delta = Σ dy · y:
 * dv = pᵀ dy, dp = dy vᵀ, ds = p (dp − delta), dq = scale · ds k, dk = scale · dsᵀ q. p is computed again from lse.
 */
export function fusedPrefixAttentionGrad(args: usize, begin: i32, end: i32): void {
  const queries = int(args, 15);
  const keys = int(args, 16);
  const heads = int(args, 17);
  const width = int(args, 18);
  const offset = int(args, 19);
  const scale = float(args, 20);
  const gridH = int(args, 21);
  const gridW = int(args, 22);
  const perItem = int(args, 23);
  const tokens = gridH * gridW;
  const tableSize = (2 * gridH - 1) * (2 * gridW - 1);
  const stride = (<usize>(heads * width)) << 2;
  const padded = (keys + 7) & ~7;
  const rowBytes = (<usize>padded) << 2;
  const blockBytes = (<usize>width) << 5;

  for (let item = begin; item < end; item++) {
    const packedK = at(ptr(args, 13), item * int(args, 24));
    const packedV = at(packedK, padded * width);
    const p = at(packedV, padded * width);
    const ds = at(p, TILE * padded);
    const last = min(int(args, 14) * heads, (item + 1) * perItem);
    for (let pair = item * perItem; pair < last; pair++) {
      const b = pair / heads;
      const h = pair % heads;
      const keyLength = min(keys, load<i32>(at(ptr(args, 3), b)));
      const prefixLength = load<i32>(at(ptr(args, 4), b));
      const onQueries = (b * queries * heads + h) * width;
      const onKeys = (b * keys * heads + h) * width;
      const q = at(ptr(args, 0), onQueries);
      const k = at(ptr(args, 1), onKeys);
      const v = at(ptr(args, 2), onKeys);
      const y = at(ptr(args, 6), onQueries);
      const lse = at(ptr(args, 7), (b * heads + h) * queries);
      const dy = at(ptr(args, 8), onQueries);
      const dq = at(ptr(args, 9), onQueries);
      const dk = at(ptr(args, 10), onKeys);
      const dv = at(ptr(args, 11), onKeys);
      const table = at(ptr(args, 5), h * tableSize);
      const dtable = at(ptr(args, 12), pair * tableSize);
      if (tokens > 0) clear(dtable, tableSize);
      const visible = visibleKeys(queries - 1, keyLength, prefixLength, offset);
      packTransposed(k, stride, visible, width, packedK);
      packTransposed(v, stride, visible, width, packedV);

      for (let tile = 0; tile < queries; tile += TILE) {
        const tileRows = min(TILE, queries - tile);
        for (let r = 0; r < tileRows; r += 4) {
          const rows = min(4, tileRows - r);
          const seen = visibleKeys(tile + r + rows - 1, keyLength, prefixLength, offset);
          const seen4 = (seen + 3) & ~3;
          const down = <usize>(tile + r) * stride;
          const pr = p + <usize>r * rowBytes;
          const dsr = ds + <usize>r * rowBytes;
          panel(rows, q + down, stride, 4, packedK, 32, blockBytes, pr, rowBytes, seen4, width, false);
          panel(rows, dy + down, stride, 4, packedV, 32, blockBytes, dsr, rowBytes, seen4, width, false);
          for (let s = 0; s < rows; s++) {
            const i = tile + r + s;
            const row = pr + <usize>s * rowBytes;
            const grad = dsr + <usize>s * rowBytes;
            const count = visibleKeys(i, keyLength, prefixLength, offset);
            const delta = dot(dy + <usize>i * stride, y + <usize>i * stride, width);
            const l = load<f32>(at(lse, i));
            if (i + offset < tokens) {
              scaleRow(row, count, scale);
              addBias(row, count, table, i + offset, gridH, gridW);
              softmaxGradRow(row, grad, count, seen4, 1, l, delta, 1);
              addBiasGrad(grad, count, dtable, i + offset, gridH, gridW);
              scaleRow(grad, count, scale);
            } else softmaxGradRow(row, grad, count, seen4, scale, l, delta, scale);
          }
          panel(rows, dsr, rowBytes, 4, k, stride, 32, dq + down, stride, width, seen, false);
        }
        // The first tile writes all of dk and dv, zeros where nothing was seen; the others add.
        const add = tile > 0;
        const reach = visibleKeys(tile + tileRows - 1, keyLength, prefixLength, offset);
        const stop = add ? reach : keys;
        let first = 0;
        for (let j = 0; j < stop; j += 4) {
          // Rows of the tile that see no key from j on come first, and are left out.
          while (
            first < tileRows &&
            visibleKeys(tile + min(first + 3, tileRows - 1), keyLength, prefixLength, offset) <= j
          ) {
            first += 4;
          }
          const count = max(0, tileRows - first);
          const rows = min(4, keys - j);
          const down = <usize>(tile + first) * stride;
          const from = <usize>first * rowBytes + ((<usize>j) << 2);
          const to = <usize>j * stride;
          panel(rows, p + from, 4, rowBytes, dy + down, stride, 32, dv + to, stride, width, count, add);
          panel(rows, ds + from, 4, rowBytes, q + down, stride, 32, dk + to, stride, width, count, add);
        }
      }
    }
  }
}
