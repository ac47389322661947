import type { Quantization } from '@simvlm/core';

/**
 * The fused kernels: names, inputs, attributes and outputs. A backend that has a kernel of its own
 * registers it under these names; every other backend gets the reference, composed of plain tfjs ops.
 *
 * Legend of shapes: `R` rows (all leading axes together), `I` inputs, `O` outputs, `D` width, `V` vocabulary,
 * `B` batch, `H` heads, `d` head width, `Tq` queries, `Tk` keys, `G` groups, `C` channels, `S` image side.
 */
export const fusedKernel = {
  /** x[…, D], gamma[D], beta[D] → y[…, D], mean[R], rstd[R] (rstd = 1 / √(variance + epsilon)) */
  layerNorm: 'SimVlmLayerNorm',
  /** x[…, D], gamma[D], mean[R], rstd[R], dy[…, D] → dx, dgamma[D], dbeta[D] */
  layerNormGrad: 'SimVlmLayerNormGrad',
  /** x[B, h, w, C], gamma[C], beta[C] → y, mean[B, G], rstd[B, G] */
  groupNorm: 'SimVlmGroupNorm',
  /** x, gamma[C], beta[C], mean[B, G], rstd[B, G], dy → dx, dgamma[C], dbeta[C] */
  groupNormGrad: 'SimVlmGroupNormGrad',
  /** x[…, I], w[I, O], b[O]? → y[…, O], and with an activation also z[…, O] = x·w + b before it */
  linear: 'SimVlmLinear',
  /** x[…, I], w[I, O], z[…, O]?, dy[…, O] → dx[…, I], dw[I, O], db[O]; those of them that are `wanted` */
  linearGrad: 'SimVlmLinearGrad',
  /** x[…, I], packed int32[O, ⌈I · bits / 32⌉], scales[O, ⌈I / group⌉], b[O]? → y[…, O] = activation(x · Wᵀ + b) */
  quantizedLinear: 'SimVlmQuantizedLinear',
  /** packed int32[V, ⌈D · bits / 32⌉], scales[V, ⌈D / group⌉], ids int32[…] → y[…, D] */
  quantizedEmbedding: 'SimVlmQuantizedEmbedding',
  /** packed int32[O, ⌈I · bits / 32⌉], scales[O, ⌈I / group⌉] → W[O, I] */
  dequantize: 'SimVlmDequantize',
  /** table[V, D], ids int32[…] → y[…, D] */
  embedding: 'SimVlmEmbedding',
  /** ids int32[…], dy[…, D] → dtable[V, D] */
  embeddingGrad: 'SimVlmEmbeddingGrad',
  /** logits[R, V], labels int32[R], weights[R] → weightedLoss[R], lse[R] (log Σ exp of the logits) */
  crossEntropy: 'SimVlmCrossEntropy',
  /** logits[R, V], labels int32[R], weights[R], lse[R], dy[R] → dlogits[R, V] (a zero row where weight · dy is 0) */
  crossEntropyGrad: 'SimVlmCrossEntropyGrad',
  /** q[B, Tq, H, d], k, v[B, Tk, H, d], keyLengths int32[B], prefixLengths int32[B], bias[H, (2h−1)(2w−1)]? → y[B, Tq, H, d], lse[B, H, Tq] */
  prefixAttention: 'SimVlmPrefixAttention',
  /** the inputs of prefixAttention, y, lse, dy → dq, dk, dv, and with bias also dbias */
  prefixAttentionGrad: 'SimVlmPrefixAttentionGrad',
  /** cache[B, Tmax, H, d], update[B, Tn, H, d], positions int32[B] → the cache with update[b, t] at [b, positions[b] + t] */
  cacheWrite: 'SimVlmCacheWrite',
  /** cache[B, Tmax, H, d], rows int32[B] → the cache with rows[r] in the place of row r */
  cacheReorder: 'SimVlmCacheReorder',
  /** x[B, …], seeds int32[B, 2] → y[B, …]; its own gradient, with dy for x */
  dropout: 'SimVlmDropout',
  /** packed int32[B, ⌈S·S·3 / 4⌉], four bytes in each → y[B, S, S, 3] */
  scalePixels: 'SimVlmScalePixels',
  /** a list of tensors of any shapes → scalar √(Σ x²) */
  globalNorm: 'SimVlmGlobalNorm',
  /** param, grad, m, v (one shape), gradScale (scalar) → param', m', v' */
  adamw: 'SimVlmAdamW',
} as const;

export type FusedKernelName = (typeof fusedKernel)[keyof typeof fusedKernel];

/** Attributes of `layerNorm` and its gradient. */
export interface LayerNormAttrs {
  epsilon: number;
}

/** Attributes of `groupNorm` and its gradient. `relu` is applied after scale and shift. */
export interface GroupNormAttrs {
  groups: number;
  epsilon: number;
  activation: 'none' | 'relu';
}

/**
 * What follows a linear map in the same kernel; `Φ` is the normal distribution function, `σ` the logistic one (Hendrycks and Gimpel, 2016):
 *
 * ```
 * gelu         ½ z (1 + tanh(√(2/π) (z + 0.044715 z³)))      GPT-2's gelu_new, SimVLM here
 * gelu-erf     z · Φ(z) = ½ z (1 + erf(z / √2))               BERT, ViT
 * quick-gelu   z · σ(1.702 z)                                 CLIP
 * ```
 */
export type Activation = 'none' | 'gelu' | 'gelu-erf' | 'quick-gelu';

/** Attributes of `linear`. */
export interface LinearAttrs {
  activation: Activation;
  /** `w` is given as [O, I] and used transposed: the output layer that shares the embedding's table. */
  transposeW: boolean;
}

/** Attributes of `dequantize` and `quantizedEmbedding`. How the numbers are packed: `QuantizedMatrix` of `@simvlm/core`. */
export interface QuantizedAttrs extends Quantization {
  /** I: numbers in a row of the matrix. */
  inputs: number;
}

/** Attributes of `quantizedLinear`. */
export interface QuantizedLinearAttrs extends QuantizedAttrs {
  activation: Activation;
}

/** Attributes of `linearGrad`. */
export interface LinearGradAttrs extends LinearAttrs {
  /** Which gradients there are: all three, dx alone, or dw and db. */
  wanted: 'all' | 'x' | 'weights';
}

/** Attributes of `embeddingGrad`. */
export interface EmbeddingGradAttrs {
  vocabSize: number;
}

/** Attributes of `crossEntropy` and its gradient: the target is (1 − s)·onehot + s/V. */
export interface CrossEntropyAttrs {
  labelSmoothing: number;
}

/**
 * Attributes of `dropout`. Number `i` of a row of numbers is kept when draw `i % 8` of counter `(i / 8, site, 0, 0)` under the row's
 * seed as key (Philox-4x32-10) is at least `threshold`, and then multiplied by `dropoutScale(threshold)`, a float32; else it is 0, whatever it
 * was. The draws of a counter are the 16-bit halves of its four words, of each the low half first.
 */
export interface DropoutAttrs {
  /** In [0, 2¹⁶): the rate is threshold / 2¹⁶. */
  threshold: number;
  /** In [0, 2³²). */
  site: number;
}

/** 1 / (1 − rate), in float32. */
export function dropoutScale(threshold: number): number {
  return Math.fround(2 ** 16 / (2 ** 16 - threshold));
}

/**
 * Attributes of `scalePixels`. Byte i of a row is in bits 8·(i mod 4) and up of number ⌊i / 4⌋. With c its channel, i mod 3, and
 * x = byte − center[c], it becomes x · high[c] + x · low[c], in float32: the two are one factor, whose first bits `high` has.
 */
export interface ScalePixelsAttrs {
  /** S */
  side: number;
  center: readonly number[];
  high: readonly number[];
  low: readonly number[];
}

/**
 * Attributes of `prefixAttention` and its gradient. With a bias table, queries and keys 0 … gridHeight·gridWidth − 1
 * are image tokens in row-major order; the bias of query i = (yi, xi) on key j = (yj, xj) is
 * `bias[head, (yj − yi + gridHeight − 1) · (2·gridWidth − 1) + (xj − xi + gridWidth − 1)]`. Grid 0 × 0 without one.
 */
export interface PrefixAttentionAttrs {
  offset: number;
  scale: number;
  gridHeight: number;
  gridWidth: number;
}

/** Attributes of `cacheWrite`. */
export interface CacheWriteAttrs {
  /** The caller gives the cache up: its memory may become that of the result. */
  owned: boolean;
}

/** Attributes of `adamw`; `step` counts from 1. Decay is decoupled: param −= learningRate · weightDecay · param. */
export interface AdamWAttrs {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  step: number;
}
