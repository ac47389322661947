/**
 * Attention on CUDA by ATen's memory-efficient kernels (Rabe and Staats, 2021), which never hold the weights. libtorch 2.1 and later.
 * `B` rows, `Q` queries, `K` keys, `H` heads, `d` head width.
 *
 * They take q, k and v as they lie, a bias that is added to the scores (the mask is one), and they give log Σ exp.
 */
import type { PrefixAttentionAttrs } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import type { NativeBackend, T } from '../kernels/kernel';
import { operand } from '../precision';
import type { AttentionGradInputs, AttentionInputs } from './attention-inputs';
import { zeroWhereNotPositive } from './masked';
import { relativeBias, relativeBiasGrad } from './relative-bias';
import { visibility } from './visibility';

const FORWARD = '_scaled_dot_product_efficient_attention';
const BACKWARD = '_scaled_dot_product_efficient_attention_backward';
/** Keys of a bias are padded to this many, so that each row of it begins on 16 bytes. */
const BIAS_ALIGNMENT = 16;
/** Queries of log Σ exp are padded to this many: `kAlignLSE` of the kernels. */
const LSE_ALIGNMENT = 32;

/** Whether the kernels are there for this device and head width. */
export function isEfficient(b: NativeBackend, q: T, k: T): boolean {
  if (b.device < 0 || q.shape[3]! % 8 !== 0 || k.shape[1] === 0) return false;
  return q.shape[0]! > 0 && q.shape[1]! > 0 && b.aten.has(FORWARD) && b.aten.has(BACKWARD);
}

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** `[B, T, H, d]` as `[B, H, T, d]`: a view. */
function turned(b: NativeBackend, x: Handle): Handle {
  return b.op('permute', x, [0, 2, 1, 3]);
}

interface Bias {
  /** Added to the scores: −10³⁰ for what is hidden; `[B, H, Q, K]`. */
  readonly bias: Handle;
  /** `[B, 1, 1, 1]`, float32: positive where the row has keys. */
  readonly alive: Handle;
}

function biasOf(b: NativeBackend, inputs: AttentionInputs, attrs: PrefixAttentionAttrs, like: Handle): Bias {
  const { q, k } = inputs;
  const [B, Q, H] = q.shape as [number, number, number];
  const K = k.shape[1]!;
  const padded = roundUp(K, BIAS_ALIGNMENT);
  const { cap, alive } = visibility(b, { ...inputs, offset: attrs.offset }, Q, padded);
  const hidden_B1QK = b.op('clamp', cap, -1e30, 0);
  let all = b.op('expand', hidden_B1QK, [B, H, Q, padded]);
  if (inputs.bias) {
    all = b.op('contiguous', all);
    const tokens = attrs.gridHeight * attrs.gridWidth;
    const rows = b.op('slice.Tensor', all, 2, 0, tokens, 1);
    b.op('add_.Tensor', b.op('slice.Tensor', rows, 3, 0, tokens, 1), relativeBias(b, inputs.bias, attrs));
  }
  const typed = b.op('to.dtype', all, b.addon.dtype(like));
  return { bias: b.op('slice.Tensor', typed, 3, 0, K, 1), alive };
}

export function efficientAttention(
  b: NativeBackend,
  inputs: AttentionInputs,
  attrs: PrefixAttentionAttrs,
): T[] {
  const { q, k, v } = inputs;
  const [B, Q, H] = q.shape as [number, number, number];
  const [query, key, value] = [q, k, v].map(x => turned(b, operand(b, x))) as [Handle, Handle, Handle];
  const { bias, alive } = biasOf(b, inputs, attrs, query);
  const [out, lse] = b.ops(FORWARD, query, key, value, bias, true, 0, false, attrs.scale);
  const y = b.op('contiguous', turned(b, out!));
  zeroWhereNotPositive(b, y, b.op('to.dtype', alive, b.addon.dtype(y)), y);
  // A copy, as the padding must not be written to.
  const lse_BHQ = b.op('clone', b.op('slice.Tensor', lse!, 2, 0, Q, 1), 0);
  const dead_B11 = b.op('view', b.op('le.Scalar', alive, 0), [B, 1, 1]);
  b.op('masked_fill_.Scalar', lse_BHQ, dead_B11, Number.NEGATIVE_INFINITY);
  return [b.output(y, q.shape, 'float32'), b.output(lse_BHQ, [B, H, Q], 'float32')];
}

export function efficientAttentionGrad(
  b: NativeBackend,
  inputs: AttentionGradInputs,
  attrs: PrefixAttentionAttrs,
): T[] {
  const { q, k, v, y, lse, dy, bias: table } = inputs;
  const [B, Q] = q.shape as [number, number];
  const handles = [dy, q, k, v].map(x => turned(b, operand(b, x))) as [Handle, Handle, Handle, Handle];
  const { bias, alive } = biasOf(b, inputs, attrs, handles[1]);
  const dead_B11 = b.op('view', b.op('le.Scalar', alive, 0), [B, 1, 1]);
  // Finite: with scores of −10³⁰ the weights of what sees nothing are 0.
  const finite = b.op('masked_fill.Scalar', b.op('contiguous', b.input(lse)), dead_B11, 0);
  const padded = b.op('constant_pad_nd', finite, [0, roundUp(Q, LSE_ALIGNMENT) - Q], 0);
  const noRandom = b.op('zeros', [], scalarType.int64, null, b.device);
  const needs = [true, true, true, table !== undefined];
  const gradients = b.ops(
    BACKWARD,
    ...handles,
    bias,
    turned(b, operand(b, y)),
    padded,
    noRandom,
    noRandom,
    0,
    needs,
    false,
    attrs.scale,
  );
  const outputs = [q, k, v].map((x, i) =>
    b.output(b.op('contiguous', turned(b, gradients[i]!)), x.shape, 'float32'),
  );
  if (!table) return outputs;
  return [...outputs, b.output(relativeBiasGrad(b, gradients[3]!, table, attrs), table.shape, 'float32')];
}
