/**
 * Rows of a table, and their gradient. `V` vocabulary, `D` width, `R` ids.
 *
 * The gradient, without atomics and in the order of the ids: a workgroup owns 32 rows of the table and 64 columns, a thread one column
 * of them, and adds up in its own memory.
 *
 *     ids    7 3 900 3 41 7 …        256 at a time: who names one of my rows? A bit for each, set by whoever looked
 *            1 1  0  1  0 1 …        the bits in their order: sums[id − first row] += dy[place], four loads in flight
 *
 * Reading is R · V / 32 ids for each 64 columns, which are all in the cache, and each row of dy once.
 */
import { type EmbeddingGradAttrs, fusedKernel } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { kernel, type Of, sizeOf, type WebGpuKernel } from './kernel';

const THREADS = 256;

const forward: Program = {
  key: 'embedding',
  reads: { table: 'f32', ids: 'i32' },
  writes: { y: 'f32' },
  uniforms: ['V', 'D', 'size'],
  workgroup: [THREADS, 1, 1],
  code: () => `
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let i = index * ${THREADS} + lane;
  if (i >= u.size) { return; }
  // A negative id is a large one.
  let id = u32(ids[i / u.D]);
  if (id < u.V) { y[i] = table[id * u.D + i % u.D]; } else { y[i] = 0.0; }
}`,
};

/** Columns, and threads, of a workgroup. */
const COLUMNS = 64;
/** Rows of the table that a workgroup owns: 8 KiB of sums. */
const ROWS = 32;
/** Ids that are looked at between two barriers. */
const CHUNK = 256;

const backward: Program = {
  key: 'embedding-grad',
  reads: { ids: 'i32', dy: 'f32' },
  writes: { dtable: 'f32' },
  uniforms: ['V', 'D', 'R', 'tiles', 'groups'],
  workgroup: [COLUMNS, 1, 1],
  code: () => `
var<workgroup> hits: array<atomic<u32>, ${CHUNK / 32}>;
var<workgroup> sums: array<f32, ${ROWS * COLUMNS}>;
fn addUp(place: u32, value: f32, first: u32) {
  let at = (u32(ids[place]) - first) * ${COLUMNS} + lane;
  sums[at] += value;
}
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  if (index >= u.groups) { return; }
  let first = index / u.tiles * ${ROWS};
  let column = index % u.tiles * ${COLUMNS} + lane;
  // The last threads of the last tile add up a column that exists, and write nothing.
  let safe = min(column, u.D - 1);
  for (var row = 0u; row < ${ROWS}; row++) { sums[row * ${COLUMNS} + lane] = 0.0; }
  for (var start = 0u; start < u.R; start += ${CHUNK}) {
    if (lane < ${CHUNK / 32}) { atomicStore(&hits[lane], 0u); }
    workgroupBarrier();
    for (var i = lane; i < ${CHUNK}; i += ${COLUMNS}) {
      let place = start + i;
      if (place < u.R && u32(ids[place]) - first < ${ROWS}) { atomicOr(&hits[i / 32], 1u << (i % 32)); }
    }
    workgroupBarrier();
    for (var word = 0u; word < ${CHUNK / 32}; word++) {
      var bits = atomicLoad(&hits[word]);
      let base = start + word * 32;
      while (bits != 0) {
        let skipped = firstTrailingBit(bits) & ~3u;
        let four = bits >> skipped;
        let place = base + skipped;
        var values = vec4<f32>();
        if ((four & 1) != 0) { values.x = dy[place * u.D + safe]; }
        if ((four & 2) != 0) { values.y = dy[(place + 1) * u.D + safe]; }
        if ((four & 4) != 0) { values.z = dy[(place + 2) * u.D + safe]; }
        if ((four & 8) != 0) { values.w = dy[(place + 3) * u.D + safe]; }
        if ((four & 1) != 0) { addUp(place, values.x, first); }
        if ((four & 2) != 0) { addUp(place + 1, values.y, first); }
        if ((four & 4) != 0) { addUp(place + 2, values.z, first); }
        if ((four & 8) != 0) { addUp(place + 3, values.w, first); }
        bits &= ~(15u << skipped);
      }
    }
    workgroupBarrier();
  }
  if (column < u.D) {
    for (var row = 0u; row < ${ROWS} && first + row < u.V; row++) {
      dtable[(first + row) * u.D + column] = sums[row * ${COLUMNS} + lane];
    }
  }
}`,
};

export const embedding: WebGpuKernel = kernel<Of<'table' | 'ids'>>(
  fusedKernel.embedding,
  (b, { table, ids }) => {
    const [V, D] = table.shape as [number, number];
    const y = b.make([...ids.shape, D], 'float32');
    const size = sizeOf(y.shape);
    b.launch({
      ...{ program: forward, inputs: [table, ids], outputs: [y] },
      uniforms: { V, D, size },
      groups: folded(Math.ceil(size / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return [y];
  },
);

export const embeddingGrad: WebGpuKernel = kernel<Of<'ids' | 'dy'>, EmbeddingGradAttrs>(
  fusedKernel.embeddingGrad,
  (b, { ids, dy }, { vocabSize: V }) => {
    const D = dy.shape[dy.shape.length - 1]!;
    const dtable = b.make([V, D], 'float32');
    const tiles = Math.ceil(D / COLUMNS);
    const groups = tiles * Math.ceil(V / ROWS);
    b.launch({
      ...{ program: backward, inputs: [ids, dy], outputs: [dtable] },
      uniforms: { V, D, R: sizeOf(ids.shape), tiles, groups },
      groups: folded(groups, b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return [dtable];
  },
);
