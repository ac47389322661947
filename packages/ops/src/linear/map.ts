import type { Initializer, ParameterScope } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { type LinearOptions, linear } from './op';

export interface LinearMapOptions extends Pick<LinearOptions, 'activation'> {
  readonly inputs: number;
  readonly outputs: number;
  /** Of the weight; the bias begins with zeros. */
  readonly init: Initializer;
}

/**
 * A linear map of the last axis that declares its parameters: `weight` [inputs, outputs] and `bias` [outputs]. Where the scope has a path of low
 * rank for it, that is added before the activation.
 *
 * @returns x `float32[…, inputs]` → `float32[…, outputs]`
 */
export function linearMap(
  scope: ParameterScope<tf.Tensor>,
  { inputs, outputs, init, activation = 'none' }: LinearMapOptions,
): (x: tf.Tensor) => tf.Tensor {
  const weight = scope.param('weight', [inputs, outputs], init);
  const bias = scope.param('bias', [outputs], { kind: 'zeros' });
  const path = scope.lowRank?.(inputs, outputs);
  if (!path) return x => linear(x, weight, bias, { activation });
  const { a, b, scale } = path;
  if (activation === 'none')
    return x => tf.add(linear(x, weight, bias), linear(tf.mul(linear(x, a), scale), b));
  // The activation is part of the kernel: the path goes into the weight, x · (W + scale · a · b), which is the same.
  return x => linear(x, tf.add(weight, tf.mul(linear(a, b), scale)), bias, { activation });
}
