/**
 * A learned bias by the relative place of two image tokens (CoAtNet, Dai et al., 2021): which column of the table belongs to each pair,
 * the lookup, and its gradient. `H` heads, `N` image tokens, row-major on a grid.
 */
import type { PrefixAttentionAttrs } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import type { NativeBackend, T } from '../kernels/kernel';

type Grid = Pick<PrefixAttentionAttrs, 'gridHeight' | 'gridWidth'>;

/** Columns on the device, by backend and grid: a few numbers that never change, kept for the life of the process. */
const columns = new WeakMap<NativeBackend, Map<string, Handle>>();

/** For each pair of image tokens its column: int32 `[N·N]`. */
function columnsOf(b: NativeBackend, { gridHeight, gridWidth }: Grid): Handle {
  let known = columns.get(b);
  if (!known) columns.set(b, (known = new Map()));
  const key = `${gridHeight} ${gridWidth}`;
  let handle = known.get(key);
  if (handle === undefined) {
    const tokens = gridHeight * gridWidth;
    const index = Int32Array.from({ length: tokens * tokens }, (_, pair) => {
      const [i, j] = [Math.floor(pair / tokens), pair % tokens];
      const dy = Math.floor(j / gridWidth) - Math.floor(i / gridWidth) + gridHeight - 1;
      const dx = (j % gridWidth) - (i % gridWidth) + gridWidth - 1;
      return dy * (2 * gridWidth - 1) + dx;
    });
    // Past the rule that a recorded step uploads nothing: the table outlives every step. A GPU has it after the warm-up.
    handle = b.aten.addon.create(index, [tokens * tokens], scalarType.int32, b.device);
    known.set(key, handle);
  }
  return handle;
}

/** The bias of every pair, `[H, N, N]`. */
export function relativeBias(b: NativeBackend, table: T, grid: Grid): Handle {
  const N = grid.gridHeight * grid.gridWidth;
  const bias = b.op('index_select', b.input(table), 1, columnsOf(b, grid));
  return b.op('view', bias, [table.shape[0]!, N, N]);
}

/** From the gradient of all scores `[B, H, Q, K]` that of the table: a table's gradient is an embedding's. */
export function relativeBiasGrad(b: NativeBackend, ds_BHQK: Handle, table: T, grid: Grid): Handle {
  const N = grid.gridHeight * grid.gridWidth;
  const rows = b.op('slice.Tensor', ds_BHQK, 2, 0, N, 1);
  const pairs = b.op('slice.Tensor', rows, 3, 0, N, 1);
  const ds_HNN = b.op('sum.dim_IntList', pairs, [0], false, scalarType.float32);
  const [H, width] = table.shape as [number, number];
  const perPair = b.op('t', b.op('reshape', ds_HNN, [H, N * N]));
  const gradient = b.op('embedding_dense_backward', perPair, columnsOf(b, grid), width, -1, false);
  return b.op('contiguous', b.op('t', gradient));
}
