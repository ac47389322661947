import { ShapeError } from '@simvlm/core';
import { checkDtype, checkShape, differentiable, type PrefixAttentionAttrs, runFused } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs';
import { prefixAttentionGradKernel, prefixAttentionKernel } from './reference';

/** A learned bias by relative place between image tokens, as in CoAtNet (Dai et al., 2021). */
export interface RelativeBias {
  /** `float32[H, (2h − 1)(2w − 1)]`. */
  readonly table: tf.Tensor;
  /** h */
  readonly gridHeight: number;
  /** w */
  readonly gridWidth: number;
}

export interface PrefixAttentionInputs {
  /** `float32[B, Tq, H, d]` */
  readonly q: tf.Tensor;
  /** `float32[B, Tk, H, d]` */
  readonly k: tf.Tensor;
  /** `float32[B, Tk, H, d]` */
  readonly v: tf.Tensor;
  /** `int32[B]`: how many keys of each row exist. */
  readonly keyLengths: tf.Tensor;
  /** `int32[B]`: how many of them every query sees. */
  readonly prefixLengths: tf.Tensor;
  /** Absolute position of query 0. */
  readonly offset?: number;
  /** For tokens 0 … h·w − 1, which must be queries and keys alike; needs offset 0. */
  readonly bias?: RelativeBias;
}

/**
 * Scaled dot-product attention (Vaswani et al., 2017) under the one mask rule of `visible`: softmax(q·kᵀ/√d + bias) · v.
 *
 * @returns `float32[B, Tq, H, d]`, zeros for a query that sees no key; differentiable by q, k, v and the bias table
 * @throws ShapeError when shapes or dtypes disagree
 */
export function prefixAttention(inputs: PrefixAttentionInputs): tf.Tensor4D {
  const { q, k, v, keyLengths, prefixLengths, offset = 0, bias } = inputs;
  check(inputs);
  const attrs: PrefixAttentionAttrs = {
    offset,
    scale: 1 / Math.sqrt(q.shape[3]!),
    gridHeight: bias?.gridHeight ?? 0,
    gridWidth: bias?.gridWidth ?? 0,
  };
  const named = { q, k, v, keyLengths, prefixLengths, ...(bias && { bias: bias.table }) };
  return differentiable(
    bias ? [q, k, v, bias.table] : [q, k, v],
    () => {
      const [y, lse] = runFused(prefixAttentionKernel, named, attrs);
      return {
        value: y as tf.Tensor4D,
        saved: [q, k, v, keyLengths, prefixLengths, y!, lse!, ...(bias ? [bias.table] : [])],
      };
    },
    (dy, [q, k, v, keyLengths, prefixLengths, y, lse, table]) =>
      runFused(
        prefixAttentionGradKernel,
        {
          q: q!,
          k: k!,
          v: v!,
          keyLengths: keyLengths!,
          prefixLengths: prefixLengths!,
          y: y!,
          lse: lse!,
          dy,
          ...(table && { bias: table }),
        },
        attrs,
      ),
  );
}

function check({ q, k, v, keyLengths, prefixLengths, offset = 0, bias }: PrefixAttentionInputs): void {
  const op = 'prefixAttention';
  checkShape(op, 'q', q, [-1, -1, -1, -1]);
  const [batch, queries, heads, depth] = q.shape as [number, number, number, number];
  checkShape(op, 'k', k, [batch, -1, heads, depth]);
  const keys = k.shape[1]!;
  checkShape(op, 'v', v, [batch, keys, heads, depth]);
  for (const [name, lengths] of [
    ['keyLengths', keyLengths],
    ['prefixLengths', prefixLengths],
  ] as const) {
    checkShape(op, name, lengths, [batch]);
    checkDtype(op, name, lengths, 'int32');
  }
  if (!Number.isInteger(offset) || offset < 0)
    throw new ShapeError(`${op}: offset must be a whole number ≥ 0, got ${offset}`);
  if (!bias) return;
  const { table, gridHeight, gridWidth } = bias;
  checkShape(op, 'bias table', table, [heads, (2 * gridHeight - 1) * (2 * gridWidth - 1)]);
  const tokens = gridHeight * gridWidth;
  if (offset !== 0 || queries < tokens || keys < tokens) {
    throw new ShapeError(
      `${op}: a bias for ${tokens} image tokens needs offset 0 and as many queries and keys, got offset ${offset}, ${queries} and ${keys}`,
    );
  }
}
