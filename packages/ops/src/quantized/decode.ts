import type { Activation, QuantizedAttrs } from '../kernels';

/**
 * As `DECODE_LINEAR`, of a matrix of integers; a kernel that only backends have on which launches are dear. Inputs: x[…, I] of up to the rows
 * that `decodesInOne` takes, packed and scales as `quantizedLinear`, and where they are given b[O], gamma[I] and beta[I], residual[…, O].
 * Output: y[…, O] = residual + activation(norm(x) · Wᵀ + b).
 */
export const DECODE_QUANTIZED = 'SimVlmDecodeQuantizedLinear';

export interface DecodeQuantizedAttrs extends QuantizedAttrs {
  readonly activation: Activation;
  /** Of the layer norm, where there is one. */
  readonly epsilon: number;
}
