import type * as tf from '@tensorflow/tfjs-core';
import { checkShape, lastExtent } from '../check';
import { differentiable, runFused } from '../fused';
import type { Activation, LinearAttrs, LinearGradAttrs } from '../kernels';
import { linearGradKernel, linearKernel } from './reference';

export interface LinearOptions {
  /** Default `none`. */
  readonly activation?: Activation;
  /** Take `w` as `[O, I]`: the output layer that shares the embedding's table. */
  readonly transposeW?: boolean;
}

/**
 * A linear map of the last axis, with bias and activation in the same pass: y = activation(x · w + b).
 *
 * @param x `float32[…, I]`
 * @param w `float32[I, O]`, or `float32[O, I]` with `transposeW`
 * @param b `float32[O]` or none
 * @returns `float32[…, O]`; differentiable by x, w and b
 * @throws ShapeError when w or b do not fit x
 */
export function linear(
  x: tf.Tensor,
  w: tf.Tensor,
  b?: tf.Tensor,
  { activation = 'none', transposeW = false }: LinearOptions = {},
): tf.Tensor {
  const inputs = lastExtent('linear', 'x', x);
  checkShape('linear', 'w', w, transposeW ? [-1, inputs] : [inputs, -1]);
  if (b) checkShape('linear', 'b', b, [w.shape[transposeW ? 0 : 1]!]);
  const attrs: LinearAttrs = { activation, transposeW };
  return differentiable(
    b ? [x, w, b] : [x, w],
    () => {
      const [y, z] = runFused(linearKernel, b ? { x, w, b } : { x, w }, attrs);
      return { value: y!, saved: z ? [x, w, z] : [x, w] };
    },
    (dy, [x, w, z], isWanted) => {
      const named = { x: x!, w: w!, dy, ...(z && { z }) };
      const ofX = isWanted(0);
      const ofWeights = isWanted(1) || (b !== undefined && isWanted(2));
      const wanted = ofX && ofWeights ? 'all' : ofX ? 'x' : 'weights';
      const given: LinearGradAttrs = { ...attrs, wanted };
      const gradients = runFused(linearGradKernel, named, given);
      const [dx, dw, db] = ofX ? gradients : [undefined, ...gradients];
      return b ? [dx, dw, db] : [dx, dw];
    },
  );
}
