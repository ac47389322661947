import { ShapeError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkDtype, checkShape } from '../check';
import { differentiable, runFused } from '../fused';
import type { DropoutAttrs } from '../kernels';
import { dropoutKernel } from './reference';

export interface DropoutOptions {
  /** The share that is dropped, at least 0 and below 1; rounded to a multiple of 2⁻¹⁶. */
  readonly rate: number;
  /** Which use of dropout this is, an integer in [0, 2³²): two uses with the same seeds and another number draw independently. */
  readonly site: number;
}

/**
 * Dropout (Srivastava et al., 2014), the inverted kind: each number becomes 0 with probability `rate`, else is divided by 1 − `rate`, so that
 * its expectation stays.
 *
 * What is dropped follows from the row's seed, the site and the number's place in its row, by Philox-4x32-10, and from nothing else: it is the
 * same on every backend, in the backward pass, for a row alone and in any batch, and whatever padding follows in the row. Nothing but the
 * seeds is kept for the gradient.
 *
 * @param x `float32[B, …]`
 * @param seeds `int32[B, 2]`: 64 random bits a row
 * @returns `float32[B, …]`; differentiable by x
 * @throws ShapeError when the seeds do not fit, or for a rate or site out of range
 */
export function dropout(x: tf.Tensor, seeds: tf.Tensor, { rate, site }: DropoutOptions): tf.Tensor {
  if (x.rank === 0) throw new ShapeError('dropout: x must have at least one axis, got a scalar');
  checkShape('dropout', 'seeds', seeds, [x.shape[0]!, 2]);
  checkDtype('dropout', 'seeds', seeds, 'int32');
  if (!(rate >= 0 && rate < 1))
    throw new ShapeError(`dropout: rate must be at least 0 and below 1, got ${rate}`);
  if (!Number.isInteger(site) || site < 0 || site >= 2 ** 32)
    throw new ShapeError(`dropout: site must be an integer in [0, 2^32), got ${site}`);
  const attrs: DropoutAttrs = { threshold: Math.min(STEPS - 1, Math.round(rate * STEPS)), site };
  if (x.size === 0) return tf.clone(x);
  return differentiable(
    [x],
    () => ({ value: runFused(dropoutKernel, { x, seeds }, attrs)[0]!, saved: [seeds] }),
    // What is dropped has no gradient, what is kept has it times the same factor: the operation itself.
    (dy, [kept]) => runFused(dropoutKernel, { x: dy, seeds: kept! }, attrs),
  );
}

/** A draw has 16 bits: eight of them in the 128 of a Philox counter. */
const STEPS = 2 ** 16;
