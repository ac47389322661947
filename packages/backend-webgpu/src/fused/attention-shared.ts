/**
 * What the attention kernels have in common: how they find a token, who sees whom, the relative bias.
 * `B` rows, `Tq` queries, `Tk` keys, `H` heads, `d` head width. A part is 4 numbers of a head's `d`, the last one filled up with zeros.
 */
import type { PrefixAttentionAttrs } from '@simvlm/ops';
import type { Element } from '../program';
import { type Of, sizeOf, type T } from './kernel';

/** Inputs of the forward kernel; the bias table may be absent. */
export type AttentionInputs = Of<'q' | 'k' | 'v' | 'keyLengths' | 'prefixLengths'> & { readonly bias?: T };

export interface Extents {
  readonly B: number;
  readonly Tq: number;
  readonly Tk: number;
  readonly H: number;
  readonly d: number;
}

export function extentsOf({ q, k }: Of<'q' | 'k'>): Extents {
  const [B, Tq, H, d] = q.shape as [number, number, number, number];
  return { B, Tq, Tk: k.shape[1]!, H, d };
}

/** Below every score, yet finite: WGSL promises nothing about infinities. */
export const HIDDEN = '-1e30';

/** Uniforms of every attention kernel. */
export const attentionUniforms = [
  ...['groups', 'tiles', 'Tq', 'Tk', 'H', 'offset', 'scaleF', 'minusInfinityF'],
  ...['gridHeight', 'gridWidth', 'imageTokens', 'entries', 'centre', 'imageTiles'],
];

/** @param tiles workgroups for each head of each row */
export function uniformsOf(
  { B, Tq, Tk, H }: Extents,
  { offset, scale, gridHeight, gridWidth }: PrefixAttentionAttrs,
  tiles: number,
  bias?: T,
): Record<string, number> {
  return {
    ...{ groups: B * H * tiles, tiles, Tq, Tk, H, offset, scaleF: scale },
    // WGSL has no literal for it.
    minusInfinityF: Number.NEGATIVE_INFINITY,
    ...{ gridHeight, gridWidth, imageTokens: bias ? gridHeight * gridWidth : 0 },
    entries: bias ? sizeOf(bias.shape.slice(1)) : 0,
    centre: bias ? (gridHeight - 1) * (2 * gridWidth - 1) + gridWidth - 1 : 0,
    imageTiles: 0,
  };
}

/** Heads lie as whole vectors where their width allows it. */
export function elementOf(d: number): Element {
  return d % 4 === 0 ? 'vec4<f32>' : 'f32';
}

/** Parts of a head. */
export function partsOf(d: number): number {
  return Math.ceil(d / 4);
}

/** `head`: the place of token 0 in tensors of `T` tokens; token t is `t * u.H` further. In units of heads. */
export const findHead = `
fn headOf(b: u32, h: u32, T: u32) -> u32 { return b * T * u.H + h; }`;

/** `load_x(head, part)`: a part of a head, 0 beyond its width. */
export function loads(names: readonly string[], d: number): string {
  return names.map(name => load(name, d)).join('');
}

function load(name: string, d: number): string {
  if (d % 4 === 0) {
    return `
fn load_${name}(head: u32, part: u32) -> vec4<f32> { return ${name}[head * ${d / 4} + part]; }`;
  }
  return `
fn load_${name}(head: u32, part: u32) -> vec4<f32> {
  var value = vec4<f32>();
  for (var n = 0u; n < 4 && part * 4 + n < ${d}; n++) { value[n] = ${name}[head * ${d} + part * 4 + n]; }
  return value;
}`;
}

/** `store_x(head, part, value)`, the same the other way. */
export function stores(names: readonly string[], d: number): string {
  return names.map(name => store(name, d)).join('');
}

function store(name: string, d: number): string {
  if (d % 4 === 0) {
    return `
fn store_${name}(head: u32, part: u32, value: vec4<f32>) { ${name}[head * ${d / 4} + part] = value; }`;
  }
  return `
fn store_${name}(head: u32, part: u32, value: vec4<f32>) {
  for (var n = 0u; n < 4 && part * 4 + n < ${d}; n++) { ${name}[head * ${d} + part * 4 + n] = value[n]; }
}`;
}

/**
 * The one mask rule, as a limit: query i of row b sees the keys j < limitOf(b, i), as
 * j < keyLength and (j < prefixLength or j ≤ i + offset) is j < min(keyLength, max(prefixLength, i + offset + 1)).
 * It never falls from one query to the next: the last one of a tile says which keys the tile needs.
 */
export const limits = `
fn limitOf(b: u32, i: u32) -> u32 {
  let own = max(prefixLengths[b], i32(i + u.offset) + 1);
  return u32(clamp(min(keyLengths[b], own), 0, i32(u.Tk)));
}`;

/**
 * The bias of four pairs of query i and key j, 0 but for two image tokens. A token at (y, x) of the grid has the place
 * y·(2w − 1) + x in a grid as wide as the table; the difference of two places, counted from the centre of the table, is their entry.
 */
export function relativeBias(hasBias: boolean): string {
  if (!hasBias) return '';
  return `
fn placeOf(t: vec4<u32>) -> vec4<u32> { return t + t / u.gridWidth * (u.gridWidth - 1); }
fn biasOf(h: u32, i: vec4<u32>, j: vec4<u32>) -> vec4<f32> {
  let isImage = (i < vec4(u.imageTokens)) & (j < vec4(u.imageTokens));
  let at = h * u.entries + u.centre + placeOf(j) - placeOf(i);
  var found = vec4<f32>();
  for (var n = 0u; n < 4; n++) {
    if (isImage[n]) { found[n] = bias[at[n]]; }
  }
  return found;
}`;
}
