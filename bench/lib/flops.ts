import type { SimVlmConfig } from '@simvlm/model';
import type { ConvPatcherOptions } from '@simvlm/vision-patcher';

/** Floating-point operations of a forward pass of one row, by part. */
export interface ForwardFlops {
  readonly patcher: number;
  readonly encoder: number;
  readonly decoder: number;
  readonly logits: number;
  readonly total: number;
}

/** What a row holds. */
export interface RowShape {
  /** Default true. */
  readonly image?: boolean;
  /** Text in the encoder, after the image; default 0. */
  readonly prefixTokens?: number;
  /** Text in the decoder. */
  readonly textTokens: number;
}

/**
 * What a model has to compute, from its configuration: two operations for each multiplication and addition of linear maps, convolutions
 * (places of the padding included) and attention (q·kᵀ and weights·v over all pairs, hidden ones included).
 *
 * Not counted, being a few per cent that no tensor core computes: norms, softmax, GELU, biases, embedding, loss, optimiser.
 */
export function rowFlops(
  config: SimVlmConfig,
  { image = true, prefixTokens = 0, textTokens: L }: RowShape,
): ForwardFlops {
  if (config.architecture !== 'encoder-decoder') throw new Error('flops are counted for the encoder-decoder');
  const { width: D, layers, mlp, vocabSize, imageSize } = config;
  const conv = convStage(config.patcher as unknown as ConvPatcherOptions, imageSize);
  const N = image ? conv.side ** 2 : 0;
  // What the encoder reads.
  const M = N + prefixTokens;
  const feed = 2 * D * mlp;
  // q, k, v and out of each token, then scores and mixing.
  const encoder = layers * (M * (4 * D * D + feed) + 2 * M * M * D);
  // Cross-attention reads keys and values that are made of the encoder's M tokens.
  const decoder = layers * (L * (6 * D * D + feed) + M * 2 * D * D + 2 * L * (L + M) * D);
  const products = {
    patcher: image ? conv.products + N * conv.channels * D : 0,
    encoder,
    decoder,
    logits: L * D * vocabSize,
  };
  const total = Object.values(products).reduce((sum, part) => sum + part);
  return {
    patcher: 2 * products.patcher,
    encoder: 2 * products.encoder,
    decoder: 2 * products.decoder,
    logits: 2 * products.logits,
    total: 2 * total,
  };
}

/** Of a row whose text is all in the decoder: the encoder reads the image alone. */
export function forwardFlops(config: SimVlmConfig, textTokens: number): ForwardFlops {
  return rowFlops(config, { textTokens });
}

/** Of a training step: the backward pass makes two products of each, by the inputs and by the weights. Recomputing is not counted. */
export function trainingFlops(config: SimVlmConfig, rows: number, textTokens: number): number {
  return 3 * rows * forwardFlops(config, textTokens).total;
}

/** Multiplications of the conv stage for one image, and the extents of what it gives. */
function convStage({ stem, stages }: ConvPatcherOptions, imageSize: number) {
  let side = Math.ceil(imageSize / stem.stride);
  let products = stem.kernel ** 2 * 3 * stem.channels * side ** 2;
  if (stem.pool) side = Math.ceil(side / 2);
  let channels = stem.channels;
  for (const stage of stages) {
    for (let block = 0; block < stage.blocks; block++) {
      const stride = block === 0 ? stage.stride : 1;
      const [to, middle] = [stage.channels, Math.max(1, Math.floor(stage.channels / 4))];
      const [before, after] = [side ** 2, Math.ceil(side / stride) ** 2];
      products += before * channels * middle + after * (9 * middle ** 2 + middle * to);
      if (channels !== to || stride !== 1) products += after * channels * to;
      side = Math.ceil(side / stride);
      channels = to;
    }
  }
  return { products, side, channels };
}
