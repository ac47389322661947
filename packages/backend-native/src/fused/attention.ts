/**
 * Attention under the one mask rule, composed of batched products.
 * `B` rows, `Q` queries, `K` keys, `H` heads, `d` head width; `N` = B·H matrices.
 *
 * Heads come first for the products, one copy of each operand, as in PyTorch's own composition. The mask is one minimum, and the softmax is
 * taken apart, so that its sums give log Σ exp without another look at the scores. Scores and weights are of float32.
 */
import { fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type T } from '../kernels/kernel';
import { full, operand } from '../precision';
import type { AttentionGradInputs, AttentionInputs } from './attention-inputs';
import { efficientAttention, efficientAttentionGrad, isEfficient } from './efficient-attention';
import { relativeBias, relativeBiasGrad } from './relative-bias';
import { visibility } from './visibility';

interface Extents {
  readonly B: number;
  readonly Q: number;
  readonly K: number;
  readonly H: number;
  readonly d: number;
  readonly N: number;
}

function extentsOf(q: T, k: T): Extents {
  const [B, Q, H, d] = q.shape as [number, number, number, number];
  return { B, Q, K: k.shape[1]!, H, d, N: B * H };
}

/**
 * Whether the weights of the forward pass wait beside `lse` for the gradient, which otherwise computes them again: up to this many keys they
 * are not more than twice the size of the queries.
 */
function keepsWeights({ K, d }: Extents): boolean {
  return K <= 2 * d;
}

/** `[B, T, H, d]` as matrices `[N, T, d]`. */
function headsFirst(b: NativeBackend, x: T, { N, d }: Extents): Handle {
  return b.op('reshape', b.op('permute', operand(b, x), [0, 2, 1, 3]), [N, x.shape[1]!, d]);
}

/** `[N, T, d]` as `[B, T, H, d]`, the copy that other kernels need, in an output like `x`. */
function tokensFirst(b: NativeBackend, matrices: Handle, x: T, { B, H, d }: Extents): T {
  const split = b.op('view', matrices, [B, H, x.shape[1]!, d]);
  return b.output(b.op('contiguous', b.op('permute', split, [0, 2, 1, 3])), x.shape, 'float32');
}

function transposed(b: NativeBackend, x: Handle): Handle {
  return b.op('transpose.int', x, 1, 2);
}

/** `x` in the type of `like`. */
function inTypeOf(b: NativeBackend, x: Handle, like: Handle): Handle {
  const dtype = b.addon.dtype(like);
  return b.addon.dtype(x) === dtype ? x : b.op('to.dtype', x, dtype);
}

interface Scores {
  /** float32 `[B, H, Q, K]`: −10³⁰ or less for what is hidden. */
  readonly scores: Handle;
  /** bool `[B, 1, 1, 1]`: rows without a key, whose queries see nothing. */
  readonly dead: Handle;
}

function scoresOf(
  b: NativeBackend,
  q: Handle,
  k: Handle,
  extents: Extents,
  inputs: AttentionInputs,
  attrs: PrefixAttentionAttrs,
): Scores {
  const { B, H, Q, K } = extents;
  const { cap, alive } = visibility(b, { ...inputs, offset: attrs.offset }, Q, K);
  // Not `baddbmm`, which could scale: with beta = 0 and few numbers it reads what it is to overwrite (libtorch 1.13).
  const product = full(b, b.op('bmm', q, transposed(b, k)));
  b.op('mul_.Scalar', product, attrs.scale);
  const scores = b.op('view', product, [B, H, Q, K]);
  if (inputs.bias) {
    const tokens = attrs.gridHeight * attrs.gridWidth;
    const rows = b.op('slice.Tensor', scores, 2, 0, tokens, 1);
    b.op('add_.Tensor', b.op('slice.Tensor', rows, 3, 0, tokens, 1), relativeBias(b, inputs.bias, attrs));
  }
  b.op('minimum.out', scores, cap, scores);
  return { scores, dead: b.op('le.Scalar', alive, 0) };
}

export const prefixAttention: NativeKernel = kernel<AttentionInputs, PrefixAttentionAttrs>(
  fusedKernel.prefixAttention,
  (b, inputs, attrs) => {
    const { q, k, v } = inputs;
    if (isEfficient(b, q, k)) return efficientAttention(b, inputs, attrs);
    const extents = extentsOf(q, k);
    const { B, Q, K, H, N } = extents;
    const perQuery = [B, H, Q];
    if (K === 0) {
      const nothing = (shape: readonly number[], value: number): T =>
        b.output(b.op('full', shape, value, scalarType.float32, null, b.device), shape, 'float32');
      return [nothing(q.shape, 0), nothing(perQuery, Number.NEGATIVE_INFINITY)];
    }
    const q_NQd = headsFirst(b, q, extents);
    const { scores: p_BHQK, dead } = scoresOf(b, q_NQd, headsFirst(b, k, extents), extents, inputs, attrs);
    const largest_BHQ1 = b.op('amax', p_BHQK, [3], true);
    b.op('sub_.Tensor', p_BHQK, largest_BHQ1);
    b.op('exp_', p_BHQK);
    const sum_BHQ1 = b.op('sum.dim_IntList', p_BHQK, [3], true);
    const lse_BHQ1 = b.op('log', sum_BHQ1);
    b.op('add_.Tensor', lse_BHQ1, largest_BHQ1);
    b.op('masked_fill_.Scalar', lse_BHQ1, dead, Number.NEGATIVE_INFINITY);
    b.op('reciprocal_', sum_BHQ1);
    b.op('masked_fill_.Scalar', sum_BHQ1, dead, 0);
    b.op('mul_.Tensor', p_BHQK, sum_BHQ1);
    const v_NKd = headsFirst(b, v, extents);
    const y_NQd = b.op('bmm', b.op('view', inTypeOf(b, p_BHQK, v_NKd), [N, Q, K]), v_NKd);
    const y = tokensFirst(b, y_NQd, q, extents);
    const lse = b.output(b.op('view', lse_BHQ1, perQuery), perQuery, 'float32');
    if (keepsWeights(extents)) b.accompany(lse, p_BHQK);
    return [y, lse];
  },
);

/** The weights from log Σ exp, where they were not kept. */
function weightsAgain(
  b: NativeBackend,
  q: Handle,
  k: Handle,
  lse: T,
  extents: Extents,
  inputs: AttentionInputs,
  attrs: PrefixAttentionAttrs,
): Handle {
  const { B, H, Q } = extents;
  const { scores, dead } = scoresOf(b, q, k, extents, inputs, attrs);
  const lse_BHQ1 = b.op('reshape', b.input(lse), [B, H, Q, 1]);
  b.op('sub_.Tensor', scores, b.op('masked_fill.Scalar', lse_BHQ1, dead, Number.POSITIVE_INFINITY));
  b.op('exp_', scores);
  return scores;
}

/** With P the weights: dV = Pᵀ dY, dS = P · (dY Vᵀ − rowsum(P · dY Vᵀ)), dQ = scale · dS K, dK = scale · dSᵀ Q. */
export const prefixAttentionGrad: NativeKernel = kernel<AttentionGradInputs, PrefixAttentionAttrs>(
  fusedKernel.prefixAttentionGrad,
  (b, inputs, attrs) => {
    const { q, k, v, lse, dy, bias } = inputs;
    if (isEfficient(b, q, k)) return efficientAttentionGrad(b, inputs, attrs);
    const extents = extentsOf(q, k);
    const { B, Q, K, H, N } = extents;
    if (K === 0) {
      const zeros = ({ shape }: T): T =>
        b.output(b.op('zeros', shape, scalarType.float32, null, b.device), shape, 'float32');
      return [q, k, v, ...(bias ? [bias] : [])].map(zeros);
    }
    const q_NQd = headsFirst(b, q, extents);
    const k_NKd = headsFirst(b, k, extents);
    const p_BHQK = b.companion(lse) || weightsAgain(b, q_NQd, k_NKd, lse, extents, inputs, attrs);
    const dy_NQd = headsFirst(b, dy, extents);
    const p_NQK = b.op('view', inTypeOf(b, p_BHQK, dy_NQd), [N, Q, K]);
    const dv_NKd = b.op('bmm', transposed(b, p_NQK), dy_NQd);
    const dp_NQK = full(b, b.op('bmm', dy_NQd, transposed(b, headsFirst(b, v, extents))));
    const dp_BHQK = b.op('view', dp_NQK, [B, H, Q, K]);
    const ds_BHQK = b.op('_softmax_backward_data', dp_BHQK, p_BHQK, 3, scalarType.float32);
    const dbias = bias && relativeBiasGrad(b, ds_BHQK, bias, attrs);
    b.op('mul_.Scalar', ds_BHQK, attrs.scale);
    const ds_NQK = b.op('view', inTypeOf(b, ds_BHQK, q_NQd), [N, Q, K]);
    const dq_NQd = b.op('bmm', ds_NQK, k_NKd);
    const dk_NKd = b.op('bmm', transposed(b, ds_NQK), q_NQd);
    const gradients = [
      tokensFirst(b, dq_NQd, q, extents),
      tokensFirst(b, dk_NKd, k, extents),
      tokensFirst(b, dv_NKd, v, extents),
    ];
    return dbias ? [...gradients, b.output(dbias, bias.shape, 'float32')] : gradients;
  },
);
