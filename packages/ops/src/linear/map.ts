import type { Initializer, ParameterScope } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import { type Around, decodeLinear, sublayer } from './decode';
import { type LinearOptions, linear } from './op';

export interface LinearMapOptions extends Pick<LinearOptions, 'activation'> {
  readonly inputs: number;
  readonly outputs: number;
  /** Of the weight; the bias begins with zeros. */
  readonly init: Initializer;
  /** Default true. */
  readonly bias?: boolean;
}

/** x `float32[…, inputs]` → `float32[…, outputs]` */
export interface LinearMap {
  (x: tf.Tensor): tf.Tensor;
  /** The same with what a sublayer has around it, as `decodeLinear`. */
  decode(x: tf.Tensor, around: Around): tf.Tensor;
}

/**
 * A linear map of the last axis that declares its parameters: `weight` [inputs, outputs] and, unless it has none, `bias` [outputs]. Where the scope has a path of low
 * rank for it, that is added before the activation.
 */
export function linearMap(
  scope: ParameterScope<tf.Tensor>,
  { inputs, outputs, init, bias: hasBias = true, activation = 'none' }: LinearMapOptions,
): LinearMap {
  const weight = scope.param('weight', [inputs, outputs], init);
  const bias = hasBias ? scope.param('bias', [outputs], { kind: 'zeros' }) : undefined;
  const path = scope.lowRank?.(inputs, outputs);
  if (!path) {
    return Object.assign((x: tf.Tensor) => linear(x, weight, bias, { activation }), {
      decode: (x: tf.Tensor, around: Around) => decodeLinear(x, weight, bias, { activation, ...around }),
    });
  }
  const { a, b, scale } = path;
  if (activation === 'none') {
    return composed(x => tf.add(linear(x, weight, bias), linear(tf.mul(linear(x, a), scale), b)));
  }
  // The activation is part of the kernel: the path goes into the weight, x · (W + scale · a · b), which is the same.
  return composed(x => linear(x, tf.add(weight, tf.mul(linear(a, b), scale)), bias, { activation }));
}

function composed(map: (x: tf.Tensor) => tf.Tensor): LinearMap {
  return Object.assign(map, { decode: (x: tf.Tensor, around: Around) => sublayer(x, around, map) });
}
