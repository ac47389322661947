import type { NativeKernel } from '../kernels/kernel';
import { adamw } from './adamw';
import { adamwInPlace } from './adamw-in-place';
import { prefixAttention, prefixAttentionGrad } from './attention';
import { cacheReorder } from './cache-reorder';
import { cacheWrite } from './cache-write';
import { crossEntropy, crossEntropyGrad } from './cross-entropy';
import { decodeLinear } from './decode-linear';
import { dropout } from './dropout';
import { embedding, embeddingGrad } from './embedding';
import { globalNorm } from './global-norm';
import { groupNorm, groupNormGrad } from './group-norm';
import { layerNorm, layerNormGrad } from './layer-norm';
import { linear, linearGrad } from './linear';
import { scalePixels } from './pixels';
import { decodeQuantized, dequantize, quantizedEmbedding, quantizedLinear } from './quantized';

/** The fused kernels of `@simvlm/ops` and `@simvlm/attention` on this backend, and one more for the optimiser. */
export const fusedKernels: readonly NativeKernel[] = [
  layerNorm,
  layerNormGrad,
  groupNorm,
  groupNormGrad,
  linear,
  linearGrad,
  embedding,
  embeddingGrad,
  crossEntropy,
  crossEntropyGrad,
  prefixAttention,
  prefixAttentionGrad,
  cacheWrite,
  cacheReorder,
  decodeLinear,
  quantizedLinear,
  decodeQuantized,
  quantizedEmbedding,
  dequantize,
  dropout,
  scalePixels,
  globalNorm,
  adamw,
  adamwInPlace,
];
