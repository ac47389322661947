import { adamw } from './adamw';
import { adamwInPlace } from './adamw-in-place';
import { prefixAttention } from './attention';
import { prefixAttentionGrad } from './attention-grad';
import { cacheWrite } from './cache-write';
import { crossEntropy, crossEntropyGrad } from './cross-entropy';
import { decodeLinear } from './decode-linear';
import { dropout } from './dropout';
import { embedding, embeddingGrad } from './embedding';
import { globalNorm } from './global-norm';
import { groupNorm, groupNormGrad } from './group-norm';
import type { WebGpuKernel } from './kernel';
import { layerNorm, layerNormGrad } from './layer-norm';
import { linear, linearGrad } from './linear';
import { scalePixels } from './pixels';
import { decodeQuantized, dequantize, quantizedEmbedding, quantizedLinear } from './quantized';

/** The fused kernels of `@simvlm/ops` and `@simvlm/attention` on this backend, and two more: for the optimiser and for decoding. */
export const fusedKernels: readonly WebGpuKernel[] = [
  layerNorm,
  layerNormGrad,
  linear,
  linearGrad,
  groupNorm,
  groupNormGrad,
  embedding,
  embeddingGrad,
  crossEntropy,
  crossEntropyGrad,
  globalNorm,
  adamw,
  adamwInPlace,
  prefixAttention,
  prefixAttentionGrad,
  cacheWrite,
  dropout,
  scalePixels,
  decodeLinear,
  quantizedLinear,
  decodeQuantized,
  quantizedEmbedding,
  dequantize,
];
