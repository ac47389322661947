import type { ParameterScope } from '@simvlm/core';
import { groupNorm } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

type Scope = ParameterScope<tf.Tensor>;
/** Maps `float32[B, h, w, C]` to maps. */
export type Layer = (x: tf.Tensor4D) => tf.Tensor4D;

export interface ConvOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A convolution without bias (a norm follows), `weight` [k, k, from, to]. He initialisation by fan-out (He et al., 2015),
 * as ResNets start: deviation √(2 / (k² · to)).
 */
export function convolution(scope: Scope, { kernel, stride, from, to }: ConvOptions): Layer {
  const weight = scope.param('weight', [kernel, kernel, from, to], {
    kind: 'normal',
    std: Math.sqrt(2 / (kernel * kernel * to)),
  });
  return x => tf.conv2d(x, weight as tf.Tensor4D, stride, 'same');
}

/**
 * Group norm with `gamma` and `beta` [channels], ReLU included on demand. `groups` is lowered to the largest number that
 * divides the channels, so that small models keep the default of 32.
 */
export function norm(
  scope: Scope,
  channels: number,
  groups: number,
  activation: 'none' | 'relu',
  start: 'ones' | 'zeros' = 'ones',
): Layer {
  const gamma = scope.param('gamma', [channels], { kind: start });
  const beta = scope.param('beta', [channels], { kind: 'zeros' });
  const count = largestDivisor(channels, groups);
  return x => groupNorm(x, gamma, beta, { groups: count, activation });
}

function largestDivisor(n: number, limit: number): number {
  for (let divisor = Math.min(n, limit); ; divisor--) if (n % divisor === 0) return divisor;
}
