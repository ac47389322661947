import type { ParameterScope } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { convolution, type Layer, norm } from './layers';

export interface BottleneckOptions {
  readonly from: number;
  /** Channels out; the middle has a quarter of them. */
  readonly to: number;
  readonly stride: number;
  readonly groups: number;
}

/** A layer with a shortcut; `drop` makes of its branch what is left of it, in training. */
export type ResidualLayer = (x: tf.Tensor4D, drop?: Layer) => tf.Tensor4D;

/**
 * A ResNet bottleneck block (He et al., 2016): 1×1, 3×3, 1×1 with a shortcut, a norm after each convolution. The stride sits
 * in the 3×3 convolution (as in torchvision's "v1.5"), so that no pixel is skipped. The last norm starts at zero (Goyal et
 * al., 2017): each block starts as its shortcut.
 */
export function bottleneck(
  scope: ParameterScope<tf.Tensor>,
  { from, to, stride, groups }: BottleneckOptions,
): ResidualLayer {
  const middle = Math.max(1, Math.floor(to / 4));
  const reduce = convolution(scope.scope('conv1'), { kernel: 1, stride: 1, from, to: middle });
  const norm1 = norm(scope.scope('norm1'), middle, groups, 'relu');
  const spatial = convolution(scope.scope('conv2'), { kernel: 3, stride, from: middle, to: middle });
  const norm2 = norm(scope.scope('norm2'), middle, groups, 'relu');
  const expand = convolution(scope.scope('conv3'), { kernel: 1, stride: 1, from: middle, to });
  const norm3 = norm(scope.scope('norm3'), to, groups, 'none', 'zeros');
  const shortcut = projection(scope, { from, to, stride, groups });
  return (x, drop) => {
    const branch = norm3(expand(norm2(spatial(norm1(reduce(x))))));
    return tf.relu(tf.add(drop ? drop(branch) : branch, shortcut(x))) as tf.Tensor4D;
  };
}

/** The identity where shapes agree, else a strided 1×1 convolution with a norm. */
function projection(
  scope: ParameterScope<tf.Tensor>,
  { from, to, stride, groups }: BottleneckOptions,
): Layer {
  if (from === to && stride === 1) return x => x;
  const project = convolution(scope.scope('shortcut.conv'), { kernel: 1, stride, from, to });
  const normed = norm(scope.scope('shortcut.norm'), to, groups, 'none');
  return x => normed(project(x));
}
