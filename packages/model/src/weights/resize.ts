import { type SafeTensor, storedShape } from '@simvlm/checkpoint';
import { CheckpointError, declaredParameters, type Registry } from '@simvlm/core';
import type { SimVlmConfig } from '../config';
import { defaultRegistry, modelParameters } from '../simvlm';
import { bicubic } from './bicubic';

/**
 * Weights for images of another size (224 → 480 pixels for fine-tuning, in our reading of the paper): the positions of the image tokens
 * and the tables of the relative bias are interpolated linearly from the grid of `from` to that of `to`; all others stay.
 *
 * Grids are laid over one another corner to corner: the first token stays the first, the last the last, the largest offset the largest,
 * and offset 0, the middle of a table, offset 0. What rises evenly over a grid rises evenly over the other. The same grid changes nothing.
 *
 * The positions of the patcher `vit` are interpolated as its usual code does it (see `bicubic`). What is before the grid, a class token, stays.
 *
 * @param weights those of a model of `from`, by name; they are left as they are
 * @param from the configuration they belong to
 * @param to the same but for `imageSize`
 * @param registry where patchers are looked up; default: our own
 * @throws CheckpointError when the configurations differ in another weight, or `weights` are not those of `from`
 */
export function resizeWeights(
  weights: ReadonlyMap<string, SafeTensor>,
  from: SimVlmConfig,
  to: SimVlmConfig,
  registry = defaultRegistry(),
): Map<string, SafeTensor> {
  const [before, after] = [modelParameters(from, registry), modelParameters(to, registry)];
  const grids = [imageGrid(from, registry), imageGrid(to, registry)] as const;
  const resized = new Map<string, SafeTensor>();
  for (const [name, spec] of after) {
    const shape = storedShape(spec);
    const weight = weights.get(name);
    const old = before.has(name) ? storedShape(before.get(name)) : undefined;
    if (weight === undefined || weight.shape.join() !== old?.join())
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `resizing: "${name}" is ${weight ? `[${weight.shape}]` : 'missing'}, the model that it is taken from has ${old ? `[${old}]` : 'none'}`,
      );
    const made = resizeOne(name, weight, ...grids);
    if (made.shape.join() !== shape.join())
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `resizing: "${name}" is [${weight.shape}] and would have to be [${shape}]: the models differ in more than imageSize`,
      );
    resized.set(name, made);
  }
  const extra = before.names().find(name => !after.has(name));
  if (extra !== undefined)
    throw new CheckpointError('CHECKPOINT_MISMATCH', `resizing: the new model has no "${extra}"`);
  return resized;
}

interface Grid {
  readonly height: number;
  readonly width: number;
  /** Tokens before it. */
  readonly extra?: number;
}

function imageGrid({ patcher, imageSize, width }: SimVlmConfig, registry: Registry): Grid {
  const { kind, ...options } = patcher;
  let grid: Grid | undefined;
  declaredParameters(params => {
    const patcher = registry.get('patcher', kind)(options, { imageSize, width, params });
    grid = { ...patcher.grid, extra: patcher.extraTokens ?? 0 };
  });
  return grid!;
}

function resizeOne(name: string, weight: SafeTensor, from: Grid, to: Grid): SafeTensor {
  const { shape, values } = weight;
  if (from.height === to.height && from.width === to.width) return weight;
  if (name === 'positions.image')
    return gridTokens(weight, from, to, (grid, D) => interpolate(grid, from, to, 1, D));
  if (name === 'patcher.positions')
    return gridTokens(weight, from, to, (grid, D) => bicubic(grid, from, to, D));
  if (!name.endsWith('.relative_bias')) return weight;
  const [offsetsFrom, offsetsTo] = [from, to].map(({ height, width }) => ({
    height: 2 * height - 1,
    width: 2 * width - 1,
  })) as [Grid, Grid];
  const H = shape[0]!;
  return {
    shape: [H, offsetsTo.height * offsetsTo.width],
    values: interpolate(values, offsetsFrom, offsetsTo, H, 1),
  };
}

/** `[extra + h · w, D]`, of which the grid is changed. */
function gridTokens(
  { shape, values }: SafeTensor,
  { extra = 0 }: Grid,
  to: Grid,
  change: (grid: Float32Array, D: number) => Float32Array,
): SafeTensor {
  const D = shape[1]!;
  const resized = new Float32Array((extra + to.height * to.width) * D);
  resized.set(values.subarray(0, extra * D));
  resized.set(change(values.subarray(extra * D), D), extra * D);
  return { shape: [extra + to.height * to.width, D], values: resized };
}

/** `[outer, h, w, inner]` → `[outer, h', w', inner]`, bilinear, corner to corner. */
function interpolate(values: Float32Array, from: Grid, to: Grid, outer: number, inner: number): Float32Array {
  const result = new Float32Array(outer * to.height * to.width * inner);
  const rows = places(from.height, to.height);
  const columns = places(from.width, to.width);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    const value = (row: number, column: number, i: number) =>
      values[((o * from.height + row) * from.width + column) * inner + i]!;
    for (const row of rows)
      for (const column of columns)
        for (let i = 0; i < inner; i++)
          result[at++] = between(
            between(value(row.low, column.low, i), value(row.low, column.high, i), column.share),
            between(value(row.high, column.low, i), value(row.high, column.high, i), column.share),
            row.share,
          );
  }
  return result;
}

/** Where each of `to` places lies among `from`: between two of them, with the share of the higher one. */
function places(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    // A single place is the middle.
    const position = to === 1 ? (from - 1) / 2 : (i * (from - 1)) / (to - 1);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, from - 1), share: position - low };
  });
}

function between(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
