/** Rows looked up, rows written back: embedding, its gradient and the key-value cache. */

import { int, ptr } from './lib/args';
import { at, clear } from './lib/fused-address';

/** table[V, D], ids, y[R, D], D, V; items are rows. An id outside the table gives a row of zeros. */
export function fusedEmbedding(args: usize, begin: i32, end: i32): void {
  const ids = ptr(args, 1);
  const width = int(args, 3);
  const vocabulary = int(args, 4);
  for (let row = begin; row < end; row++) {
    const id = load<i32>(at(ids, row));
    const y = at(ptr(args, 2), row * width);
    if (<u32>id < <u32>vocabulary) memory.copy(y, at(ptr(args, 0), id * width), (<usize>width) << 2);
    else clear(y, width);
  }
}

/**
 * ids, dy[R, D], dtable[V, D], R, D, V, table rows per item; items are ranges of the table. Each range reads all ids in
 * their order, so that rows are added in one order on any number of threads.
 */
export function fusedEmbeddingGrad(args: usize, begin: i32, end: i32): void {
  const ids = ptr(args, 0);
  const table = ptr(args, 2);
  const rows = int(args, 3);
  const width = int(args, 4);
  const perItem = int(args, 6);
  const first = begin * perItem;
  const span = min(int(args, 5), end * perItem) - first;
  clear(at(table, first * width), span * width);
  for (let row = 0; row < rows; row++) {
    const id = load<i32>(at(ids, row));
    if (<u32>(id - first) >= <u32>span) continue;
    const dy = at(ptr(args, 1), row * width);
    const out = at(table, id * width);
    let i = 0;
    for (; i <= width - 4; i += 4) {
      v128.store(at(out, i), f32x4.add(v128.load(at(out, i)), v128.load(at(dy, i))));
    }
    for (; i < width; i++) store<f32>(at(out, i), load<f32>(at(out, i)) + load<f32>(at(dy, i)));
  }
}

/**
 * cache[B, Tmax, N], update[B, Tn, N], positions[B], out, Tmax, Tn, N; items are rows of the batch. What would fall outside
 * the cache is left out.
 */
export function fusedCacheWrite(args: usize, begin: i32, end: i32): void {
  const capacity = int(args, 4);
  const count = int(args, 5);
  const width = int(args, 6);
  for (let row = begin; row < end; row++) {
    const out = at(ptr(args, 3), row * capacity * width);
    memory.copy(out, at(ptr(args, 0), row * capacity * width), (<usize>(capacity * width)) << 2);
    const position = load<i32>(at(ptr(args, 2), row));
    const first = max(0, -position);
    const last = min(count, capacity - position);
    if (last <= first) continue;
    const update = at(ptr(args, 1), (row * count + first) * width);
    memory.copy(at(out, (position + first) * width), update, (<usize>((last - first) * width)) << 2);
  }
}
