/**
 * The gradient of the relative bias: entry e of a head's table gets dS of every pair of image tokens that are e apart.
 *
 *     tile of 32 queries × 32 keys, dS in workgroup memory      each thread owns every 64th entry e, and for each query i asks
 *       i  ▪ ▪ ■ ▪ ▪                                            which key j is e away from it: place(j) = place(i) + e − centre
 *     i+1  ▪ ▪ ▪ ■ ▪     ■: the pairs of one entry
 *     i+2  ▪ ▪ ▪ ▪ ■
 *
 * An entry has one owner, which adds in one order: no atomics, and the same sum in every run. Each tile of queries has a table of its
 * own, tables[B, H, tiles, entries]; `sumOfBiasTiles` adds them up.
 */
import type { PrefixAttentionAttrs } from '@simvlm/ops';
import { folded, type Program } from '../program';
import type { Extents } from './attention-shared';
import { THREADS, TILE, weightAt } from './attention-tiles';
import { type SimVlmWebGpuBackend, sizeOf, type T } from './kernel';

export interface BiasTiles {
  readonly B: number;
  readonly H: number;
  /** Of queries, those with image tokens. */
  readonly tiles: number;
  readonly entries: number;
  readonly shape: readonly number[];
}

export function biasTiles(
  { B, H }: Extents,
  { gridHeight, gridWidth }: PrefixAttentionAttrs,
  bias: T,
): BiasTiles {
  const tiles = Math.ceil((gridHeight * gridWidth) / TILE);
  return { B, H, tiles, entries: sizeOf(bias.shape.slice(1)), shape: bias.shape };
}

export function tablesOf(b: SimVlmWebGpuBackend, { B, H, tiles, entries }: BiasTiles): T {
  return b.make([B, H, tiles, entries], 'float32');
}

/** Parts of the program of dq, in whose `weights` dS stands. An entry is always the same thread's, so that no barrier is needed. */
export const tableOfTile = {
  clear: `
  let table = ((b * u.H + h) * u.imageTiles + tile) * u.entries;
  if (tile < u.imageTiles) {
    for (var e = lane; e < u.entries; e += ${THREADS}) { tables[table + e] = 0.0; }
  }`,
  add: `
    if (tile < u.imageTiles && start < u.imageTokens) {
      let wide = 2 * u.gridWidth - 1;
      let lastQuery = min(first + ${TILE}, u.imageTokens) - 1;
      let lastKey = min(start + ${TILE}, u.imageTokens) - 1;
      // Rows of the table that pairs of this tile can meet.
      let begin = (start / u.gridWidth + u.gridHeight - 1 - lastQuery / u.gridWidth) * wide;
      let past = (lastKey / u.gridWidth + u.gridHeight - first / u.gridWidth) * wide;
      for (var e = begin + (lane + ${THREADS} - begin % ${THREADS}) % ${THREADS}; e < past; e += ${THREADS}) {
        var sum = 0.0;
        for (var i = first; i <= lastQuery; i++) {
          let place = e + i + i / u.gridWidth * (u.gridWidth - 1);
          if (place < u.centre) { continue; }
          let x = (place - u.centre) % wide;
          let j = (place - u.centre) / wide * u.gridWidth + x;
          if (x < u.gridWidth && j >= start && j <= lastKey) { sum += ${weightAt('i - first', '(j - start)')}; }
        }
        tables[table + e] += sum;
      }
    }`,
};

const addUp: Program = {
  key: 'attention gradient, dbias',
  reads: { tables: 'f32' },
  writes: { dbias: 'f32' },
  uniforms: ['B', 'H', 'tiles', 'entries'],
  workgroup: [THREADS, 1, 1],
  code: () => `
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let at = groupIndex * ${THREADS} + lane;
  if (at >= u.H * u.entries) { return; }
  let h = at / u.entries;
  var sum = 0.0;
  for (var b = 0u; b < u.B; b++) {
    for (var tile = 0u; tile < u.tiles; tile++) {
      sum += tables[((b * u.H + h) * u.tiles + tile) * u.entries + at % u.entries];
    }
  }
  dbias[at] = sum;
}`,
};

export function sumOfBiasTiles(
  b: SimVlmWebGpuBackend,
  { B, H, tiles, entries, shape }: BiasTiles,
  tables: T,
): T {
  const dbias = b.make(shape, 'float32');
  b.launch({
    ...{ program: addUp, inputs: [tables], outputs: [dbias] },
    uniforms: { B, H, tiles, entries },
    groups: folded(Math.ceil((H * entries) / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  return dbias;
}
