import { ShapeError } from '@simvlm/core';
import { checkDtype, checkShape, differentiable, type PrefixAttentionAttrs, runFused } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import type { PrefixAttentionInputs } from './inputs';
import { prefixAttentionGradKernel, prefixAttentionKernel } from './reference';
import { announceAttention } from './watch';

/**
 * Scaled dot-product attention (Vaswani et al., 2017) under the one mask rule of `visible`: softmax(q·kᵀ/√d + bias) · v.
 *
 * @returns `float32[B, Tq, H, d]`, zeros for a query that sees no key; differentiable by q, k, v and the bias table
 * @throws ShapeError when shapes or dtypes disagree
 */
export function prefixAttention(inputs: PrefixAttentionInputs): tf.Tensor4D {
  const { q, k, v, keyLengths, prefixLengths, bias } = inputs;
  check(inputs);
  announceAttention(inputs);
  const attrs = attrsOf(inputs);
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

export function attrsOf({ q, offset = 0, bias }: Omit<PrefixAttentionInputs, 'v'>): PrefixAttentionAttrs {
  return {
    offset,
    scale: 1 / Math.sqrt(q.shape[3]!),
    gridHeight: bias?.gridHeight ?? 0,
    gridWidth: bias?.gridWidth ?? 0,
  };
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
