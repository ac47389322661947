/**
 * Two sums down the columns of rows at once, as the gradients of scale and shift are: Σ of `first` and Σ of `second` over rows, in
 * two launches. `W` width.
 *
 *              64 columns   64 columns            a workgroup (4 × 64 threads): 64 columns of a block of rows
 *     rows   ┌────────────┬────────────┐
 *     0…     │ 0 1 2 3 0… │            │  ─►  partials[block, 2, W]
 *            ├────────────┼────────────┤           │
 *     64…    │            │            │  ─►       ╰─►  second launch: the same down the blocks  ─►  first[W], second[W]
 *            └────────────┴────────────┘
 *
 * Rows come in pictures (group norm) or all in one (layer norm); no block reaches over two pictures. What is added in which order
 * depends on the shapes alone.
 */
import { type Element, folded, type Program, type Uniforms } from '../program';
import type { SimVlmWebGpuBackend, T } from './kernel';

const COLUMNS = 64;
const LANES = 4;
/** Rows of a block, at least. */
const ROWS = 64;
/** Blocks of a picture, at most: the second launch has one thread in four for a column of them. */
const MOST_BLOCKS = 256;

/** The first launch: `code` is WGSL of `fn pairAt(row: u32, picture: u32, column: u32) -> vec2<f32>`. */
export function partialColumnSums(
  key: string,
  reads: Readonly<Record<string, Element>>,
  uniforms: readonly string[],
  code: string,
): Program {
  return {
    key,
    reads,
    writes: { partials: 'f32' },
    uniforms: ['W', 'tiles', 'blocks', 'blocksOfPicture', 'rowsOfPicture', 'rowsOfBlock', ...uniforms],
    workgroup: [COLUMNS, LANES, 1],
    code: () => `
${code}
var<workgroup> sums: array<vec2<f32>, ${COLUMNS * LANES}>;
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let block = index / u.tiles;
  if (block >= u.blocks) { return; }
  let column = index % u.tiles * ${COLUMNS} + local.x;
  let picture = block / u.blocksOfPicture;
  let start = picture * u.rowsOfPicture + block % u.blocksOfPicture * u.rowsOfBlock;
  let end = min(start + u.rowsOfBlock, (picture + 1) * u.rowsOfPicture);
  var sum = vec2<f32>();
  if (column < u.W) {
    for (var row = start + local.y; row < end; row += ${LANES}) { sum += pairAt(row, picture, column); }
  }
  ${acrossLanes('partials[block * 2 * u.W + column]', 'partials[(block * 2 + 1) * u.W + column]')}
}`,
  };
}

const total: Program = {
  key: 'total-column-sums',
  reads: { partials: 'f32' },
  writes: { first: 'f32', second: 'f32' },
  uniforms: ['W', 'blocks'],
  workgroup: [COLUMNS, LANES, 1],
  code: () => `
var<workgroup> sums: array<vec2<f32>, ${COLUMNS * LANES}>;
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let column = group.x * ${COLUMNS} + local.x;
  var sum = vec2<f32>();
  if (column < u.W) {
    for (var block = local.y; block < u.blocks; block += ${LANES}) {
      let at = block * 2 * u.W + column;
      sum += vec2<f32>(partials[at], partials[at + u.W]);
    }
  }
  ${acrossLanes('first[column]', 'second[column]')}
}`,
};

/** The threads of one column meet. */
function acrossLanes(first: string, second: string): string {
  return `sums[lane] = sum;
  workgroupBarrier();
  if (local.y == 0 && column < u.W) {
    let all = (sums[lane] + sums[lane + ${COLUMNS}]) + (sums[lane + ${2 * COLUMNS}] + sums[lane + ${3 * COLUMNS}]);
    ${first} = all.x;
    ${second} = all.y;
  }`;
}

/** Partial sums, which whoever made them disposes of. */
export interface Partials {
  /** `float32[blocks, 2, W]`: a picture's blocks stand together. */
  readonly tensor: T;
  readonly blocks: number;
  readonly blocksOfPicture: number;
}

/** Runs the first launch over `pictures` of `rowsOfPicture` rows. */
export function launchPartials(
  b: SimVlmWebGpuBackend,
  program: Program,
  inputs: readonly T[],
  [pictures, rowsOfPicture, W]: readonly [number, number, number],
  uniforms: Uniforms = {},
): Partials {
  const rowsOfBlock = Math.max(ROWS, Math.ceil(rowsOfPicture / MOST_BLOCKS));
  const blocksOfPicture = Math.ceil(rowsOfPicture / rowsOfBlock);
  const blocks = pictures * blocksOfPicture;
  const tiles = Math.ceil(W / COLUMNS);
  const tensor = b.make([blocks, 2, W], 'float32');
  b.launch({
    ...{ program, inputs, outputs: [tensor] },
    uniforms: { W, tiles, blocks, blocksOfPicture, rowsOfPicture, rowsOfBlock, ...uniforms },
    groups: folded(tiles * blocks, b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  return { tensor, blocks, blocksOfPicture };
}

/** The second launch: zeros where there are no blocks. */
export function launchTotals(b: SimVlmWebGpuBackend, { tensor, blocks }: Partials, W: number): [T, T] {
  const outputs: [T, T] = [b.make([W], 'float32'), b.make([W], 'float32')];
  b.launch({
    ...{ program: total, inputs: [tensor], outputs },
    uniforms: { W, blocks },
    groups: [Math.ceil(W / COLUMNS), 1, 1],
  });
  return outputs;
}
