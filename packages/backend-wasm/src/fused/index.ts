import type { WasmKernel } from '../kernels/kernel';
import { prefixAttention, prefixAttentionGrad } from './attention';
import { crossEntropy, crossEntropyGrad } from './cross-entropy';
import { dropout } from './dropout';
import { cacheWrite, embedding, embeddingGrad } from './embedding';
import { groupNorm, groupNormGrad } from './group-norm';
import { layerNorm, layerNormGrad } from './layer-norm';
import { linear, linearGrad } from './linear';
import { adamw, globalNorm } from './optimizer';
import { scalePixels } from './pixels';
import { dequantize, quantizedEmbedding, quantizedLinear } from './quantized';

/** The fused kernels of `@simvlm/ops` and `@simvlm/attention` on this backend. */
export const fusedKernels: readonly WasmKernel[] = [
  layerNorm,
  layerNormGrad,
  groupNorm,
  groupNormGrad,
  linear,
  linearGrad,
  quantizedLinear,
  quantizedEmbedding,
  dequantize,
  embedding,
  embeddingGrad,
  crossEntropy,
  crossEntropyGrad,
  prefixAttention,
  prefixAttentionGrad,
  cacheWrite,
  dropout,
  scalePixels,
  globalNorm,
  adamw,
];
