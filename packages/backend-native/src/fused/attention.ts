/**
 * Attention under the one mask rule, composed of batched products.
 * `B` rows, `Q` queries, `K` keys, `H` heads, `d` head width; `N` = B·H matrices.
 *
 * Heads come first for the products, one copy of each operand, as in PyTorch's own composition. Scores and weights are of float32.
 */
import { fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type T } from '../kernels/kernel';
import { full, operand } from '../precision';
import type { AttentionGradInputs, AttentionInputs } from './attention-inputs';
import { type Extents, scoresGradient, transposed, weightsOf } from './attention-weights';
import { decodedAttention, isDecoded } from './decoded-attention';
import { efficientAttention, efficientAttentionGrad, isEfficient } from './efficient-attention';
import { relativeBiasGrad } from './relative-bias';

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

/** `x` in the type of `like`. */
function inTypeOf(b: NativeBackend, x: Handle, like: Handle): Handle {
  const dtype = b.addon.dtype(like);
  return b.addon.dtype(x) === dtype ? x : b.op('to.dtype', x, dtype);
}

export const prefixAttention: NativeKernel = kernel<AttentionInputs, PrefixAttentionAttrs>(
  fusedKernel.prefixAttention,
  (b, inputs, attrs) => {
    const { q, k, v } = inputs;
    if (isEfficient(b, q, k)) return efficientAttention(b, inputs, attrs);
    if (isDecoded(b, inputs)) return decodedAttention(b, inputs, attrs);
    const extents = extentsOf(q, k);
    const { B, Q, K, H, N } = extents;
    const perQuery = [B, H, Q];
    if (K === 0) {
      const nothing = (shape: readonly number[], value: number): T =>
        b.output(b.op('full', shape, value, scalarType.float32, null, b.device), shape, 'float32');
      return [nothing(q.shape, 0), nothing(perQuery, Number.NEGATIVE_INFINITY)];
    }
    const q_NQd = headsFirst(b, q, extents);
    const { p_BHQK, lse_BHQ } = weightsOf(b, q_NQd, headsFirst(b, k, extents), extents, inputs, attrs);
    const v_NKd = headsFirst(b, v, extents);
    const y_NQd = b.op('bmm', b.op('view', inTypeOf(b, p_BHQK, v_NKd), [N, Q, K]), v_NKd);
    const y = tokensFirst(b, y_NQd, q, extents);
    const lse = b.output(lse_BHQ, perQuery, 'float32');
    if (keepsWeights(extents)) b.accompany(lse, p_BHQK);
    return [y, lse];
  },
);

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
    const p_BHQK = b.companion(lse) || weightsOf(b, q_NQd, k_NKd, extents, inputs, attrs).p_BHQK;
    const dy_NQd = headsFirst(b, dy, extents);
    const p_NQK = b.op('view', inTypeOf(b, p_BHQK, dy_NQd), [N, Q, K]);
    const dv_NKd = b.op('bmm', transposed(b, p_NQK), dy_NQd);
    const dp_NQK = full(b, b.op('bmm', dy_NQd, transposed(b, headsFirst(b, v, extents))));
    const dp_BHQK = b.op('view', dp_NQK, [B, H, Q, K]);
    const ds_BHQK = scoresGradient(b, dp_BHQK, p_BHQK, attrs.scale);
    const dbias = bias && b.op('div.Scalar', relativeBiasGrad(b, ds_BHQK, bias, attrs), attrs.scale);
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
