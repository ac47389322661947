import { type FusedKernel, fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The reference kernels, of plain tfjs operations; they do materialise `[B, H, Tq, Tk]`.
 * Suffixes: `B` batch, `H` heads, `Q` queries, `K` keys, `d` head width.
 */
type Named<K extends string> = Record<K, tf.Tensor>;
type Inputs = Named<'q' | 'k' | 'v' | 'keyLengths' | 'prefixLengths'> & { bias?: tf.Tensor };

/** Below every score, yet finite, so that no difference of two hidden scores is NaN. */
const HIDDEN = -1e30;

export const prefixAttentionKernel: FusedKernel = {
  name: fusedKernel.prefixAttention,
  reference(inputs: Inputs, attrs: PrefixAttentionAttrs) {
    const { p_BHQK, largest, total, seen } = softmax(inputs, attrs);
    const y_BHQd = tf.matMul(p_BHQK, headsFirst(inputs.v));
    const lse = tf.where(
      seen,
      tf.add(tf.log(total), largest),
      tf.fill(total.shape, Number.NEGATIVE_INFINITY),
    );
    return [headsFirst(y_BHQd), tf.reshape(lse, lse.shape.slice(0, 3))];
  },
};

/** With P the attention weights: dV = Pᵀ dY, dS = P · (dY Vᵀ − rowsum(dY · Y)), dQ = dS K / √d, dK = dSᵀ Q / √d. */
export const prefixAttentionGradKernel: FusedKernel = {
  name: fusedKernel.prefixAttentionGrad,
  reference(inputs: Inputs & Named<'y' | 'lse' | 'dy'>, attrs: PrefixAttentionAttrs) {
    const { q, k, v, bias } = inputs;
    const [dy_BHQd, y_BHQd] = [headsFirst(inputs.dy), headsFirst(inputs.y)];
    const lse = tf.expandDims(inputs.lse, 3);
    const safe = tf.where(tf.greater(lse, Number.NEGATIVE_INFINITY), lse, tf.zerosLike(lse));
    const mask_BHQK = visibility(inputs, attrs);
    const shifted = tf.where(
      tf.greater(mask_BHQK, 0),
      tf.sub(scores(inputs, attrs), safe),
      tf.scalar(HIDDEN),
    );
    const p_BHQK = tf.mul(tf.exp(shifted), mask_BHQK);
    const dv = headsFirst(tf.matMul(p_BHQK, dy_BHQd, true, false));
    const dp_BHQK = tf.matMul(dy_BHQd, headsFirst(v), false, true);
    const ds_BHQK = tf.mul(p_BHQK, tf.sub(dp_BHQK, tf.sum(tf.mul(dy_BHQd, y_BHQd), 3, true)));
    const dq = tf.mul(headsFirst(tf.matMul(ds_BHQK, headsFirst(k))), attrs.scale);
    const dk = tf.mul(headsFirst(tf.matMul(ds_BHQK, headsFirst(q), true, false)), attrs.scale);
    return bias ? [dq, dk, dv, biasGradient(ds_BHQK, bias, attrs)] : [dq, dk, dv];
  },
};

/** The attention weights `[B, H, Tq, Tk]`, zeros for a query that sees no key, and what their logarithm is made of. */
export function softmax(inputs: Omit<Inputs, 'v'>, attrs: PrefixAttentionAttrs) {
  const mask_BHQK = visibility(inputs, attrs);
  const scores_BHQK = tf.where(tf.greater(mask_BHQK, 0), scores(inputs, attrs), tf.scalar(HIDDEN));
  const largest = tf.max(scores_BHQK, 3, true);
  const weights_BHQK = tf.mul(tf.exp(tf.sub(scores_BHQK, largest)), mask_BHQK);
  const total = tf.sum(weights_BHQK, 3, true);
  const seen = tf.greater(total, 0);
  return { p_BHQK: tf.div(weights_BHQK, tf.where(seen, total, tf.onesLike(total))), largest, total, seen };
}

/** `[B, T, H, d]` to `[B, H, T, d]`, and back. */
function headsFirst(x: tf.Tensor): tf.Tensor {
  return tf.transpose(x, [0, 2, 1, 3]);
}

function scores({ q, k, bias }: Omit<Inputs, 'v'>, attrs: PrefixAttentionAttrs): tf.Tensor {
  const scores_BHQK = tf.mul(tf.matMul(headsFirst(q), headsFirst(k), false, true), attrs.scale);
  if (!bias) return scores_BHQK;
  const tokens = attrs.gridHeight * attrs.gridWidth;
  const [, heads, queries, keys] = scores_BHQK.shape as [number, number, number, number];
  const bias_HNN = tf.reshape(tf.gather(bias, relativeIndex(attrs), 1), [heads, tokens, tokens]);
  return tf.add(
    scores_BHQK,
    tf.pad(bias_HNN, [
      [0, 0],
      [0, queries - tokens],
      [0, keys - tokens],
    ]),
  );
}

/** 1 where the query sees the key, else 0: `float32[B, 1, Tq, Tk]`. */
function visibility(
  { q, k, keyLengths, prefixLengths }: Omit<Inputs, 'v'>,
  { offset }: PrefixAttentionAttrs,
): tf.Tensor {
  const [batch, queries] = q.shape as [number, number];
  const keys = k.shape[1]!;
  const j = tf.reshape(tf.range(0, keys, 1, 'int32'), [1, 1, 1, keys]);
  const i = tf.reshape(tf.range(offset, offset + queries, 1, 'int32'), [1, 1, queries, 1]);
  const perRow = [batch, 1, 1, 1];
  const everyone = tf.less(j, tf.reshape(prefixLengths, perRow));
  return tf.cast(
    tf.logicalAnd(tf.less(j, tf.reshape(keyLengths, perRow)), tf.logicalOr(everyone, tf.lessEqual(j, i))),
    'float32',
  );
}

/** For each pair of image tokens, the column of the bias table: `int32[N·N]`. */
function relativeIndex({ gridHeight, gridWidth }: PrefixAttentionAttrs): tf.Tensor1D {
  const tokens = gridHeight * gridWidth;
  const index = new Int32Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) {
      const dy = Math.floor(j / gridWidth) - Math.floor(i / gridWidth) + gridHeight - 1;
      const dx = (j % gridWidth) - (i % gridWidth) + gridWidth - 1;
      index[i * tokens + j] = dy * (2 * gridWidth - 1) + dx;
    }
  }
  return tf.tensor1d(index, 'int32');
}

function biasGradient(ds_BHQK: tf.Tensor, bias: tf.Tensor, attrs: PrefixAttentionAttrs): tf.Tensor {
  const tokens = attrs.gridHeight * attrs.gridWidth;
  const [heads, columns] = bias.shape as [number, number];
  const ds_HNN = tf.reshape(tf.sum(tf.slice(ds_BHQK, [0, 0, 0, 0], [-1, -1, tokens, tokens]), 0), [
    heads,
    tokens * tokens,
  ]);
  return tf.transpose(tf.unsortedSegmentSum(tf.transpose(ds_HNN), relativeIndex(attrs), columns));
}
