import { ConfigError, type ParameterScope } from '@simvlm/core';
import { type Around, decodesInOne, layerNorm, linearMap } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { KvCache } from './kv-cache';
import type { RelativeBias } from './prefix-attention/inputs';
import { prefixAttention } from './prefix-attention/op';

export interface AttentionOptions {
  /** D */
  readonly width: number;
  /** H, which divides D. */
  readonly heads: number;
  /** Width of what `project` reads; default D. */
  readonly memoryWidth?: number;
  /** The grid of image tokens that get a learned 2-D relative bias. */
  readonly grid?: { readonly height: number; readonly width: number };
}

/** Who sees whom: see `visible`. */
export interface AttentionMask {
  /** `int32[B]` */
  readonly keyLengths: tf.Tensor;
  /** `int32[B]` */
  readonly prefixLengths: tf.Tensor;
  readonly offset?: number;
}

export interface KeysValues {
  /** `float32[B, T, H, d]` */
  readonly k: tf.Tensor4D;
  /** `float32[B, T, H, d]` */
  readonly v: tf.Tensor4D;
}

/** Where cached decoding writes: `positions` int32[B]. */
export interface CachePlace {
  readonly cache: KvCache;
  readonly positions: tf.Tensor1D;
}

/** Multi-head attention with learned biases. Results belong to the caller (or the tidy around the call). */
export interface MultiHeadAttention {
  /** x[B, T, D] attends to itself. The relative bias, if there is one, applies when `image` is true. */
  self(x: tf.Tensor, mask: AttentionMask, image?: boolean): tf.Tensor;
  /** x[B, T, D] attends to what `project` made of a memory. */
  cross(x: tf.Tensor, memory: KeysValues, mask: AttentionMask): tf.Tensor;
  /** Keys and values of x[B, T, memoryWidth]. */
  project(x: tf.Tensor): KeysValues;
  /**
   * New tokens x[B, Tn, D] are written to the cache at `positions` (int32[B]), then attend to all of it. Layer norm and residual are the
   * sublayer's, where they are given: in a step of decoding they cost no launch of their own.
   */
  cached(x: tf.Tensor, place: CachePlace, mask: AttentionMask, around?: Around, image?: boolean): tf.Tensor;
  /** As `cross`, with the layer norm and the residual of the sublayer. */
  cachedCross(x: tf.Tensor, memory: KeysValues, mask: AttentionMask, around: Around): tf.Tensor;
}

/**
 * Declares `query`, `key`, `value` and `out` (each `.weight` [D, D], those of keys and values [memoryWidth, D], truncated normal of deviation 0.02, and `.bias` [D],
 * zeros) and, with a grid, `relative_bias` [H, (2h − 1)(2w − 1)], zeros.
 *
 * @throws ConfigError when the heads do not divide the width
 */
export function createAttention(
  scope: ParameterScope<tf.Tensor>,
  { width, heads, memoryWidth = width, grid }: AttentionOptions,
): MultiHeadAttention {
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw new ConfigError('CONFIG_INVALID', `attention: ${heads} heads do not divide width ${width}`);
  const depth = width / heads;
  const init = { kind: 'truncated-normal', std: 0.02 } as const;
  const declare = (name: string, inputs = width) =>
    linearMap(scope.scope(name), { inputs, outputs: width, init });
  const query = declare('query');
  const [key, value] = [declare('key', memoryWidth), declare('value', memoryWidth)];
  const out = declare('out');
  const table =
    grid &&
    scope.param('relative_bias', [heads, (2 * grid.height - 1) * (2 * grid.width - 1)], { kind: 'zeros' });
  const bias: RelativeBias | undefined = grid &&
    table && { table, gridHeight: grid.height, gridWidth: grid.width };

  const split = (x: tf.Tensor) => tf.reshape(x, [x.shape[0]!, x.shape[1]!, heads, depth]) as tf.Tensor4D;
  const project = (x: tf.Tensor): KeysValues => ({ k: split(key(x)), v: split(value(x)) });
  const mix = (q: tf.Tensor, { k, v }: KeysValues, mask: AttentionMask, image: boolean) =>
    tf.reshape(prefixAttention({ q: split(q), k, v, ...mask, ...(image && bias && { bias }) }), q.shape);
  return {
    project,
    self: (x, mask, image = false) => out(mix(query(x), project(x), mask, image)),
    cross: (x, memory, mask) => out(mix(query(x), memory, mask, false)),
    cached(x, { cache, positions }, mask, { norm, residual } = {}, image = false) {
      // Where it is no part of the launches, the norm is computed once for all three.
      const inside = decodesInOne(x);
      const h = norm && !inside ? layerNorm(x, norm.gamma, norm.beta, norm) : x;
      const around = { norm: inside ? norm : undefined };
      cache.write(split(key.decode(h, around)), split(value.decode(h, around)), positions);
      return out.decode(mix(query.decode(h, around), cache, mask, image), { residual });
    },
    cachedCross: (x, memory, mask, { norm, residual }) =>
      out.decode(mix(query.decode(x, { norm }), memory, mask, false), { residual }),
  };
}
