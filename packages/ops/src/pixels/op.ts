import { ShapeError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkDtype, checkShape } from '../check';
import { runFused } from '../fused';
import type { ScalePixelsAttrs } from '../kernels';
import { scalePixelsKernel } from './reference';

/** Red, green and blue. */
type Channels = readonly [number, number, number];

export interface ScalePixelsOptions {
  /** S, the side of the pictures in pixels. */
  readonly side: number;
  /** Of each channel, as a share of 255; default 0.5 each. */
  readonly mean?: Channels;
  /** Of each channel, as a share of 255; default 0.5 each. */
  readonly std?: Channels;
}

/**
 * Pictures as a model reads them, (byte / 255 − mean) / std, from bytes that were uploaded four in an int32 (`packBytes`), a quarter of the
 * float32 that they become. With the defaults, [−1, 1]: (2 · byte − 255) / 255, rounded once.
 *
 * @param packed `int32[B, ⌈S · S · 3 / 4⌉]`
 * @returns `float32[B, S, S, 3]`; not differentiable
 * @throws ShapeError when the input does not fit the side, or for a mean or a deviation that is no finite number, or one of 0 or less
 */
export function scalePixels(
  packed: tf.Tensor,
  { side, mean = HALVES, std = HALVES }: ScalePixelsOptions,
): tf.Tensor4D {
  checkShape('scalePixels', 'packed', packed, [-1, Math.ceil((side * side * 3) / 4)]);
  checkDtype('scalePixels', 'packed', packed, 'int32');
  if (mean.length !== 3 || !mean.every(Number.isFinite))
    throw new ShapeError(`scalePixels: mean must be 3 finite numbers, got [${mean.join(', ')}]`);
  if (std.length !== 3 || !std.every(value => value > 0 && Number.isFinite(value)))
    throw new ShapeError(`scalePixels: std must be 3 finite numbers above 0, got [${std.join(', ')}]`);
  if (packed.size === 0) return tf.zeros([packed.shape[0]!, side, side, 3]);
  const attrs: ScalePixelsAttrs = {
    side,
    center: mean.map(value => Math.fround(255 * value)),
    ...split(std.map(value => 1 / (255 * value))),
  };
  return runFused(scalePixelsKernel, { packed }, attrs)[0] as tf.Tensor4D;
}

const HALVES: Channels = [0.5, 0.5, 0.5];

/**
 * Factors as sums of two float32. The greater has 12 bits: its product with a byte less 127.5 is exact, so that the sum of both products is
 * rounded once, whether a backend fuses them or not. One division or one factor would be off in the last bit on half of the values.
 */
function split(factors: readonly number[]): Pick<ScalePixelsAttrs, 'high' | 'low'> {
  const high = factors.map(factor => {
    const unit = 2 ** (Math.floor(Math.log2(factor)) - 11);
    return Math.round(factor / unit) * unit;
  });
  return { high, low: factors.map((factor, i) => Math.fround(factor - high[i]!)) };
}
