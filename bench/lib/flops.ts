import { passCost, type SimVlmConfig } from '@simvlm/model';

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

/** What a model has to compute: see `passCost`. */
export function rowFlops(
  config: SimVlmConfig,
  { image = true, prefixTokens = 0, textTokens }: RowShape,
): ForwardFlops {
  const cost = passCost(config, { images: image, prefix: prefixTokens, places: textTokens }, true);
  if (!cost) throw new Error('nobody counts what a patcher of a plug-in does');
  const { patcher, encoder, decoder, head } = cost.parts;
  return {
    patcher: patcher.flops,
    encoder: encoder.flops,
    decoder: decoder.flops,
    logits: head.flops,
    total: patcher.flops + encoder.flops + decoder.flops + head.flops,
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
