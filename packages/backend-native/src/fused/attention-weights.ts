/**
 * Attention weights under the one mask rule, and log Σ exp of the scores. `B` rows, `Q` queries, `K` keys, `H` heads, `d` head width;
 * `N` = B·H matrices.
 *
 * On the CPU the softmax is an operator of the addon (`addon/fused_softmax.cc`). Else it is composed: the mask is one minimum, and the
 * softmax is taken apart, so that its sums give log Σ exp without another look at the scores.
 */
import type { PrefixAttentionAttrs } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import type { NativeBackend } from '../kernels/kernel';
import { full } from '../precision';
import type { AttentionInputs } from './attention-inputs';
import { relativeBias } from './relative-bias';
import { visibility } from './visibility';

export interface Extents {
  readonly B: number;
  readonly Q: number;
  readonly K: number;
  readonly H: number;
  readonly d: number;
  readonly N: number;
}

export interface Weights {
  /** float32 `[B, H, Q, K]`; 0 for what is hidden, and for all keys of a row without any. */
  readonly p_BHQK: Handle;
  /** float32 `[B, H, Q]`; −∞ for rows without a key. */
  readonly lse_BHQ: Handle;
}

export function transposed(b: NativeBackend, x: Handle): Handle {
  return b.op('transpose.int', x, 1, 2);
}

export function weightsOf(
  b: NativeBackend,
  q_NQd: Handle,
  k_NKd: Handle,
  extents: Extents,
  inputs: AttentionInputs,
  attrs: PrefixAttentionAttrs,
): Weights {
  const { B, H, Q, K } = extents;
  // Not `baddbmm`, which could scale: with beta = 0 and few numbers it reads what it is to overwrite (libtorch 1.13).
  const product = full(b, b.op('bmm', q_NQd, transposed(b, k_NKd)));
  const scores = b.op('view', product, [B, H, Q, K]);
  if (b.device >= 0) return composed(b, scores, extents, inputs, attrs);
  const bias = inputs.bias ? [relativeBias(b, inputs.bias, attrs)] : [];
  const lengths = [b.input(inputs.keyLengths), b.input(inputs.prefixLengths)] as const;
  const lse_BHQ = b.op('simvlm::attention_weights_', scores, ...lengths, attrs.offset, attrs.scale, bias);
  return { p_BHQK: scores, lse_BHQ };
}

function composed(
  b: NativeBackend,
  scores: Handle,
  { B, H, Q, K }: Extents,
  inputs: AttentionInputs,
  attrs: PrefixAttentionAttrs,
): Weights {
  const { cap, alive } = visibility(b, { ...inputs, offset: attrs.offset }, Q, K);
  b.op('mul_.Scalar', scores, attrs.scale);
  if (inputs.bias) {
    const tokens = attrs.gridHeight * attrs.gridWidth;
    const rows = b.op('slice.Tensor', scores, 2, 0, tokens, 1);
    b.op('add_.Tensor', b.op('slice.Tensor', rows, 3, 0, tokens, 1), relativeBias(b, inputs.bias, attrs));
  }
  b.op('minimum.out', scores, cap, scores);
  const dead = b.op('le.Scalar', alive, 0);
  const largest_BHQ1 = b.op('amax', scores, [3], true);
  b.op('sub_.Tensor', scores, largest_BHQ1);
  b.op('exp_', scores);
  const sum_BHQ1 = b.op('sum.dim_IntList', scores, [3], true);
  const lse_BHQ1 = b.op('log', sum_BHQ1);
  b.op('add_.Tensor', lse_BHQ1, largest_BHQ1);
  b.op('masked_fill_.Scalar', lse_BHQ1, dead, Number.NEGATIVE_INFINITY);
  b.op('reciprocal_', sum_BHQ1);
  b.op('masked_fill_.Scalar', sum_BHQ1, dead, 0);
  b.op('mul_.Tensor', scores, sum_BHQ1);
  return { p_BHQK: scores, lse_BHQ: b.op('view', lse_BHQ1, [B, H, Q]) };
}

/** From the gradient by the weights, which it may overwrite, that by the products q · k: scale · P · (dP − rowsum(P · dP)). */
export function scoresGradient(b: NativeBackend, dp_BHQK: Handle, p_BHQK: Handle, scale: number): Handle {
  if (b.device < 0) return b.op('simvlm::attention_weights_backward_', dp_BHQK, p_BHQK, scale);
  const ds_BHQK = b.op('_softmax_backward_data', dp_BHQK, p_BHQK, 3, scalarType.float32);
  b.op('mul_.Scalar', ds_BHQK, scale);
  return ds_BHQK;
}
