import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, type T } from './kernel';

type BatchNormInputs = Of<'x' | 'mean' | 'variance'> & { scale?: T; offset?: T };

/** (x − mean) · scale / √(variance + ε) + offset */
const batchNorm = kernel<BatchNormInputs, tf.FusedBatchNormAttrs>('FusedBatchNorm', (b, inputs, attrs) => {
  const { x, mean, variance, scale, offset } = inputs;
  for (const [name, other] of Object.entries({ variance, offset, scale })) {
    tf.util.assert(
      !other || mean.shape.length === other.shape.length,
      () => `Batch normalization gradient requires mean and ${name} to have equal ranks.`,
    );
  }
  const factor = b.op('add.Scalar', b.input(variance), attrs.varianceEpsilon ?? 0.001);
  b.op('rsqrt_', factor);
  if (scale) b.op('mul_.Tensor', factor, b.input(scale));
  const y = b.op('sub.Tensor', b.input(x), b.input(mean));
  b.op('mul_.Tensor', y, factor);
  if (offset) b.op('add_.Tensor', y, b.input(offset));
  return b.output(y, x.shape, x.dtype);
});

/** Σ over the channels from c − radius to c + radius. */
function acrossChannels(b: NativeBackend, x: Handle, radius: number): Handle {
  const wide = b.op('constant_pad_nd', x, [radius, radius], 0);
  return b.op('sum.dim_IntList', b.op('unfold', wide, -1, 2 * radius + 1, 1), [-1], false);
}

/** bias + alpha · Σ x² */
function channelNorm(b: NativeBackend, x: Handle, { depthRadius, bias, alpha }: tf.LRNAttrs): Handle {
  const norm = acrossChannels(b, b.op('square', x), depthRadius);
  b.op('mul_.Scalar', norm, alpha);
  b.op('add_.Scalar', norm, bias);
  return norm;
}

const lrn = kernel<Of<'x'>, tf.LRNAttrs>('LRN', (b, { x }, attrs) => {
  const factor = b.op('pow.Tensor_Scalar', channelNorm(b, b.input(x), attrs), -attrs.beta);
  return b.output(b.op('mul.Tensor', b.input(x), factor), x.shape, x.dtype);
});

/** dx = dy · norm^−β − 2αβ · x · Σ (dy · y / norm) */
const lrnGrad = kernel<Of<'x' | 'y' | 'dy'>, tf.LRNGradAttrs>('LRNGrad', (b, { x, y, dy }, attrs) => {
  const { alpha, beta, depthRadius } = attrs;
  const norm = channelNorm(b, b.input(x), attrs);
  const share = b.op('mul.Tensor', b.input(y), b.input(dy));
  b.op('div_.Tensor', share, norm);
  const all = b.op('mul.Tensor', acrossChannels(b, share, depthRadius), b.input(x));
  const dx = b.op('mul.Tensor', b.op('pow.Tensor_Scalar', norm, -beta), b.input(dy));
  b.op('sub_.Tensor', dx, all, 2 * alpha * beta);
  return b.output(dx, dy.shape, x.dtype);
});

export const normalizeKernels: readonly NativeKernel[] = [batchNorm, lrn, lrnGrad];
