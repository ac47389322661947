import type { QuantizedMatrix } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { CURVES } from '../activation';
import { checkShape } from '../check';
import { differentiable, runFused } from '../fused';
import type { Activation, QuantizedLinearAttrs } from '../kernels';
import { type Around, checkAround, decodesInOne, sublayer } from '../linear/decode';
import { DECODE_QUANTIZED, type DecodeQuantizedAttrs } from './decode';
import { dequantize } from './dequantize';
import { attrsOf, checkMatrix } from './matrix';
import { quantizedLinearKernel } from './reference';

export interface QuantizedLinearOptions extends Around {
  /** Default `none`. */
  readonly activation?: Activation;
}

/**
 * residual + activation(norm(x) · Wᵀ + b) with a matrix of integers, which become numbers inside the kernel and not before. One operation for many
 * rows and for few; where a backend can and rows are few, in one launch with norm and residual.
 *
 * @param x `float32[…, I]`
 * @param matrix W, of O outputs by I inputs
 * @param b `float32[O]` or none
 * @returns `float32[…, O]`; differentiable by x, norm and residual (where it is no single launch with them, as training does not call it so),
 *   never by the matrix or the bias
 * @throws ShapeError when what is given does not fit
 */
export function quantizedLinear(
  x: tf.Tensor,
  matrix: QuantizedMatrix<tf.Tensor>,
  b?: tf.Tensor,
  { activation = 'none', norm, residual }: QuantizedLinearOptions = {},
): tf.Tensor {
  checkMatrix('quantizedLinear', matrix);
  const outputs = matrix.packed.shape[0]!;
  checkShape('quantizedLinear', 'x', x, [...x.shape.slice(0, -1), matrix.inputs]);
  if (b) checkShape('quantizedLinear', 'b', b, [outputs]);
  if (!(norm || residual)) return product(x, matrix, b, activation);
  if (!decodesInOne(x, DECODE_QUANTIZED))
    return sublayer(x, { norm, residual }, h => product(h, matrix, b, activation));
  checkAround('quantizedLinear', x, { norm, residual }, matrix.inputs, outputs);
  const given = {
    ...{ x, packed: matrix.packed, scales: matrix.scales, ...(b && { b }), ...(residual && { residual }) },
    ...(norm && { gamma: norm.gamma, beta: norm.beta }),
  };
  const attrs: DecodeQuantizedAttrs = { ...attrsOf(matrix), activation, epsilon: norm?.epsilon ?? 1e-6 };
  return tf.engine().runKernel(DECODE_QUANTIZED, given, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
}

/** activation(x · Wᵀ + b) */
function product(
  x: tf.Tensor,
  matrix: QuantizedMatrix<tf.Tensor>,
  b: tf.Tensor | undefined,
  activation: Activation,
): tf.Tensor {
  const { packed, scales } = matrix;
  const run = (rows: tf.Tensor, then: Activation) => {
    const attrs: QuantizedLinearAttrs = { ...attrsOf(matrix), activation: then };
    return runFused(quantizedLinearKernel, { x: rows, packed, scales, ...(b && { b }) }, attrs)[0]!;
  };
  return differentiable(
    [x],
    () => ({ value: run(x, activation), saved: [x] }),
    (dy, [rows]) => {
      // What the activation was applied to is computed once more, so that passes without gradients need not keep it.
      const dz = activation === 'none' ? dy : tf.mul(dy, CURVES[activation].slope(run(rows!, 'none')));
      const flat = tf.reshape(dz, [-1, packed.shape[0]!]) as tf.Tensor2D;
      return [tf.reshape(tf.matMul(flat, dequantize(matrix)), rows!.shape)];
    },
  );
}
