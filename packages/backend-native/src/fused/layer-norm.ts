/**
 * Layer norm (Ba, Kiros and Hinton, 2016). `R` rows, `D` width.
 *
 * The gradient is ATen's kernel, and on CUDA the forward pass too. On the CPU that one computes y as rstd · x − rstd · mean, which loses
 * digits far from 0 (equal numbers do not give beta); six passes that subtract first take no longer.
 */
import { fusedKernel, type LayerNormAttrs } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, sizeOf } from '../kernels/kernel';

interface Normed {
  readonly y: Handle;
  readonly mean: Handle;
  readonly rstd: Handle;
}

/** Rows, centred before they are scaled. */
function centredFirst(
  b: NativeBackend,
  x_RD: Handle,
  D: number,
  gamma: Handle,
  beta: Handle,
  epsilon: number,
): Normed {
  const mean = b.op('mean.dim', x_RD, [1], true);
  const y = b.op('sub.Tensor', x_RD, mean);
  const rstd = b.op('linalg_vector_norm', y, 2, [1], true);
  b.op('square_', rstd);
  b.op('div_.Scalar', rstd, D);
  b.op('add_.Scalar', rstd, epsilon);
  b.op('rsqrt_', rstd);
  b.op('mul_.Tensor', y, rstd);
  b.op('addcmul.out', beta, y, gamma, 1, y);
  return { y, mean, rstd };
}

export const layerNorm: NativeKernel = kernel<Of<'x' | 'gamma' | 'beta'>, LayerNormAttrs>(
  fusedKernel.layerNorm,
  (b, { x, gamma, beta }, { epsilon }) => {
    const D = gamma.shape[0]!;
    const R = sizeOf(x.shape.slice(0, -1));
    const x_RD = b.op('reshape', b.input(x), [R, D]);
    const [scale, shift] = [b.input(gamma), b.input(beta)];
    let normed: Normed;
    if (b.device < 0) normed = centredFirst(b, x_RD, D, scale, shift, epsilon);
    else {
      const [y, mean, rstd] = b.ops('native_layer_norm', x_RD, [D], scale, shift, epsilon);
      normed = { y: y!, mean: mean!, rstd: rstd! };
    }
    return [
      b.output(b.op('view', normed.y, x.shape), x.shape, 'float32'),
      b.output(b.op('view', normed.mean, [R]), [R], 'float32'),
      b.output(b.op('view', normed.rstd, [R]), [R], 'float32'),
    ];
  },
);

export const layerNormGrad: NativeKernel = kernel<Of<'x' | 'gamma' | 'mean' | 'rstd' | 'dy'>, LayerNormAttrs>(
  fusedKernel.layerNormGrad,
  (b, { x, gamma, mean, rstd, dy }) => {
    const scale = b.input(gamma);
    const [dx, dgamma, dbeta] = b.ops(
      'native_layer_norm_backward',
      b.input(dy),
      b.input(x),
      gamma.shape,
      b.input(mean),
      b.input(rstd),
      scale,
      // Of beta only the shape counts, which is gamma's.
      scale,
      [true, true, true],
    );
    return [
      b.output(dx!, x.shape, 'float32'),
      b.output(dgamma!, gamma.shape, 'float32'),
      b.output(dbeta!, gamma.shape, 'float32'),
    ];
  },
);
