import * as tf from '@tensorflow/tfjs-core';
import { checkShape, lastExtent } from '../check';
import type { Activation } from '../kernels';
import { layerNorm } from '../layer-norm/op';
import { type LinearOptions, linear } from './op';

/**
 * A kernel that only backends have on which launches are dear; there is no reference. Inputs: x[…, I] of up to `DECODED_ROWS` rows,
 * w[I, O] (or as `transposeW` says), and where they are given b[O], gamma[I] and beta[I], residual[…, O]. Output: y[…, O].
 */
export const DECODE_LINEAR = 'SimVlmDecodeLinear';

/** Rows that such a kernel takes, where the backend does not say: batches of decoding are small. */
export const DECODED_ROWS = 8;

/** What a backend offers whose kernel takes more rows, or not always as many. */
export interface DecodesRows {
  /** Rows that its kernel takes now; 0 for none. */
  readonly decodedRows: number;
}

export interface DecodeLinearAttrs {
  readonly activation: Activation;
  readonly transposeW: boolean;
  /** Of the layer norm, where there is one. */
  readonly epsilon: number;
}

/** Scale and shift of a layer norm: `gamma` and `beta`, `float32[I]`. */
export interface NormParameters {
  readonly gamma: tf.Tensor;
  readonly beta: tf.Tensor;
  /** Default 1e-6. */
  readonly epsilon?: number;
}

/** What a sublayer has around a linear map. */
export interface Around {
  /** The layer norm before it. */
  readonly norm?: NormParameters | undefined;
  /** What its result is added to, `float32[…, O]`. */
  readonly residual?: tf.Tensor | undefined;
}

/** Whether the current backend computes a linear map of x `[…, I]` and what is around it in one launch, of the kernel of this name. */
export function decodesInOne(x: tf.Tensor, kernel: string = DECODE_LINEAR): boolean {
  const rows = x.size / (x.shape[x.shape.length - 1] || 1);
  const { decodedRows = DECODED_ROWS } = tf.backend() as Partial<DecodesRows>;
  return rows <= decodedRows && tf.getKernel(kernel, tf.getBackend()) !== undefined;
}

/** residual + map(norm(x)), an operation after another. */
export function sublayer(
  x: tf.Tensor,
  { norm, residual }: Around,
  map: (h: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const y = map(norm ? layerNorm(x, norm.gamma, norm.beta, norm) : x);
  return residual ? tf.add(residual, y) : y;
}

/** @throws ShapeError when what is around a linear map does not fit it */
export function checkAround(
  op: string,
  x: tf.Tensor,
  { norm, residual }: Around,
  inputs: number,
  outputs: number,
): void {
  if (norm) for (const key of ['gamma', 'beta'] as const) checkShape(op, key, norm[key], [inputs]);
  if (residual) checkShape(op, 'residual', residual, [...x.shape.slice(0, -1), outputs]);
}

/**
 * residual + activation(norm(x) · w + b), where a backend can and rows are few in one launch: most of what a step of decoding does.
 *
 * @param x `float32[…, I]`
 * @param w `float32[I, O]`, or `float32[O, I]` with `transposeW`
 * @param b `float32[O]` or none
 * @returns `float32[…, O]`; differentiable only where it is no single launch, as training does not call it
 * @throws ShapeError when what is given does not fit x
 */
export function decodeLinear(
  x: tf.Tensor,
  w: tf.Tensor,
  b: tf.Tensor | undefined,
  { norm, residual, activation = 'none', transposeW = false }: LinearOptions & Around = {},
): tf.Tensor {
  if (!decodesInOne(x))
    return sublayer(x, { norm, residual }, h => linear(h, w, b, { activation, transposeW }));
  const inputs = lastExtent('decodeLinear', 'x', x);
  const outputs = w.shape[transposeW ? 0 : 1] ?? -1;
  checkShape('decodeLinear', 'w', w, transposeW ? [-1, inputs] : [inputs, -1]);
  if (b) checkShape('decodeLinear', 'b', b, [outputs]);
  checkAround('decodeLinear', x, { norm, residual }, inputs, outputs);
  const given = {
    ...{ x, w, ...(b && { b }), ...(residual && { residual }) },
    ...(norm && { gamma: norm.gamma, beta: norm.beta }),
  };
  const attrs: DecodeLinearAttrs = { activation, transposeW, epsilon: norm?.epsilon ?? 1e-6 };
  return tf.engine().runKernel(DECODE_LINEAR, given, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
}
