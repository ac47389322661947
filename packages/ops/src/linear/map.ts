import type { Initializer, LowRank, ParameterScope, QuantizedMatrix } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { CURVES } from '../activation';
import { quantizedLinear } from '../quantized/linear';
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
 * A linear map of the last axis that declares its parameters: `weight` [inputs, outputs] and, unless it has none, `bias` [outputs]. Where the
 * scope has a path of low rank for it, that is added before the activation; where it has integers for the weight, they are used as they are
 * (`quantizedLinear`).
 */
export function linearMap(scope: ParameterScope<tf.Tensor>, options: LinearMapOptions): LinearMap {
  const { inputs, outputs, init, bias: hasBias = true } = options;
  const matrix = scope.quantized?.('weight', { inputs, outputs }, 'inputs-first');
  const weight = matrix ? undefined : scope.param('weight', [inputs, outputs], init);
  const bias = hasBias ? scope.param('bias', [outputs], { kind: 'zeros' }) : undefined;
  const path = scope.lowRank?.(inputs, outputs);
  return matrix ? integerMap(matrix, bias, path, options) : numberMap(weight!, bias, path, options);
}

function numberMap(
  weight: tf.Tensor,
  bias: tf.Tensor | undefined,
  path: LowRank<tf.Tensor> | undefined,
  { activation = 'none' }: LinearMapOptions,
): LinearMap {
  if (!path) {
    return Object.assign((x: tf.Tensor) => linear(x, weight, bias, { activation }), {
      decode: (x: tf.Tensor, around: Around) => decodeLinear(x, weight, bias, { activation, ...around }),
    });
  }
  if (activation === 'none') return composed(x => tf.add(linear(x, weight, bias), beside(x, path)));
  // The activation is part of the kernel: the path goes into the weight, x · (W + scale · a · b), which is the same.
  const { a, b, scale } = path;
  return composed(x => linear(x, tf.add(weight, tf.mul(linear(a, b), scale)), bias, { activation }));
}

/** Integers have no gradient: the path stands beside them, and the activation behind both. */
function integerMap(
  matrix: QuantizedMatrix<tf.Tensor>,
  bias: tf.Tensor | undefined,
  path: LowRank<tf.Tensor> | undefined,
  { activation = 'none' }: LinearMapOptions,
): LinearMap {
  if (!path) {
    return Object.assign((x: tf.Tensor) => quantizedLinear(x, matrix, bias, { activation }), {
      decode: (x: tf.Tensor, around: Around) => quantizedLinear(x, matrix, bias, { activation, ...around }),
    });
  }
  return composed(x => {
    const z = tf.add(quantizedLinear(x, matrix, bias), beside(x, path));
    return activation === 'none' ? z : CURVES[activation].value(z);
  });
}

/** x · (scale · a · b) */
function beside(x: tf.Tensor, { a, b, scale }: LowRank<tf.Tensor>): tf.Tensor {
  return linear(tf.mul(linear(x, a), scale), b);
}

function composed(map: (x: tf.Tensor) => tf.Tensor): LinearMap {
  return Object.assign(map, { decode: (x: tf.Tensor, around: Around) => sublayer(x, around, map) });
}
