/**
 * Products of tiles of 32 × 32 by 64 threads, in 14 KiB of workgroup memory whatever the head width is: heads come in chunks of
 * up to 8 parts (32 numbers).
 *
 *                    right                          thread (x, y) of 8 × 8 has the 4 rows y + 8r and
 *                    ┌─ 32 tokens ─┐                the 4 columns x + 8c of a product: sums r × c stay
 *                    │ 8 parts each│                in registers, and 8 loads serve 64 multiplications
 *         left       └─────────────┘
 *      ┌─────────┐   ┌─────────────┐
 *      │ 32      │   │ · x · x · x │ y               product:  scores = left · rightᵀ   (over the parts)
 *      │ tokens, │   │ · · · · · · │
 *      │ 8 parts │   │ · x · x · x │ y + 8           mix:      sums += weights · right  (over its tokens;
 *      │ each    │   │ · · · · · · │                           thread (x, y): rows y + 8r, part x of the chunk)
 *      └─────────┘   └─────────────┘
 *                      weights: a thread's 4 columns of a row are one vector, [row][x]
 *
 * A row of 8 vectors takes the space of 9, so that 8 rows at once lie in different banks.
 */
import { partsOf } from './attention-shared';

/** Queries, and keys, of a tile. */
export const TILE = 32;
/** Threads are `SIDE` × `SIDE`. */
export const SIDE = 8;
export const THREADS = SIDE * SIDE;

const STRIDE = SIDE + 1;
const ROWS = [0, 1, 2, 3] as const;
const LETTERS = ['x', 'y', 'z', 'w'] as const;

export interface Chunks {
  readonly count: number;
  /** Parts of a chunk. */
  readonly parts: number;
}

/** As few chunks as 8 parts each allow, and those as even as can be. */
export function chunksOf(d: number): Chunks {
  const count = Math.max(1, Math.ceil(partsOf(d) / SIDE));
  return { count, parts: Math.ceil(partsOf(d) / count) };
}

/** The text once for each of a thread's rows. */
export function perRow(text: (r: number) => string): string {
  return ROWS.map(text).join('\n');
}

/** The text once for each chunk: sums of a chunk are variables of their own, which stay in registers. */
export function perChunk({ count }: Chunks, text: (chunk: number) => string): string {
  return Array.from({ length: count }, (_, chunk) => text(chunk)).join('\n');
}

/** Declarations of the tiles. @param isHalf `left` and `right`, and products of their vectors, are of f16 */
export function tiles(isHalf = false): string {
  return `
alias Part = vec4<${isHalf ? 'f16' : 'f32'}>;
var<workgroup> left: array<Part, ${TILE * STRIDE}>;
var<workgroup> right: array<Part, ${TILE * STRIDE}>;
var<workgroup> weights: array<vec4<f32>, ${TILE * STRIDE}>;`;
}

/** `stage_left_x(head, first, end, chunk)`: a chunk of tokens first … first + 31 of `x` into a tile; zeros from token `end` on. */
export function stages(side: 'left' | 'right', names: readonly string[], d: number, scaled = ''): string {
  const { parts, count } = chunksOf(d);
  const inside = parts * count > partsOf(d) ? ` && part < ${partsOf(d)}` : '';
  return names
    .map(
      name => `
fn stage_${side}_${name}(head: u32, first: u32, end: u32, chunk: u32) {
  for (var n = lane; n < ${TILE * parts}; n += ${THREADS}) {
    let t = first + n / ${parts};
    let part = chunk * ${parts} + n % ${parts};
    var value = vec4<f32>();
    if (t < end${inside}) { value = load_${name}(head + t * u.H, part)${scaled}; }
    ${side}[n / ${parts} * ${STRIDE} + n % ${parts}] = Part(value);
  }
}`,
    )
    .join('');
}

/** sums_r += left · rightᵀ, over a chunk. */
export function product(sums: string, { parts }: Chunks): string {
  const column = (c: number) => `let right${c} = right[(local.x + ${SIDE * c}) * ${STRIDE} + part];`;
  const dots = ROWS.map(c => `f32(dot(left_r, right${c}))`).join(', ');
  return `
for (var part = 0u; part < ${parts}; part++) {
  ${ROWS.map(column).join('\n  ')}
  ${perRow(r => `{ let left_r = left[(local.y + ${SIDE * r}) * ${STRIDE} + part]; ${sums}${r} += vec4(${dots}); }`)}
}`;
}

/** A row of the thread's weights goes where `mix` reads it. */
export function keepWeights(r: number, value: string): string {
  return `weights[(local.y + ${SIDE * r}) * ${STRIDE} + local.x] = ${value};`;
}

/** sums_r += weights · right, part `local.x` of a chunk. */
export function mix(sums: string): string {
  const token = (c: number) => `let right${c} = vec4<f32>(right[(n + ${SIDE * c}) * ${STRIDE} + local.x]);`;
  const terms = ROWS.map(c => `w.${LETTERS[c]} * right${c}`).join(' + ');
  return `
for (var n = 0u; n < ${SIDE}; n++) {
  ${ROWS.map(token).join('\n  ')}
  ${perRow(r => `{ let w = weights[(local.y + ${SIDE * r}) * ${STRIDE} + n]; ${sums}${r} += ${terms}; }`)}
}`;
}

/** The weight of tile row `row` and tile column `column`. */
export function weightAt(row: string, column: string): string {
  return `weights[(${row}) * ${STRIDE} + (${column}) % ${SIDE}][(${column}) / ${SIDE}]`;
}

/** `store_x` of sums that `mix` made, for the tokens from `first` on that exist. */
export function storeSums(
  name: string,
  sums: string,
  at: { head: string; first: string; end: string; times: (r: number) => string },
  d: number,
): string {
  const chunks = chunksOf(d);
  const inside = (chunk: number) => Math.min(chunks.parts, partsOf(d) - chunk * chunks.parts);
  return perChunk(chunks, chunk =>
    perRow(
      r => `
if (${at.first} + local.y + ${SIDE * r} < ${at.end} && local.x < ${inside(chunk)}) {
  store_${name}(${at.head} + (${at.first} + local.y + ${SIDE * r}) * u.H, ${chunk * chunks.parts} + local.x, ${sums}${chunk}_${r} * ${at.times(r)});
}`,
    ),
  );
}
