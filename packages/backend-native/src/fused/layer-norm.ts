/**
 * Layer norm (Ba, Kiros and Hinton, 2016). `R` rows, `D` width.
 *
 * The gradient is ATen's kernel, and on CUDA the forward pass too. On the CPU that one computes y as rstd · x − rstd · mean, which loses
 * digits far from 0 (equal numbers do not give beta); the addon's, `addon/fused_layer_norm.cc`, subtracts first.
 */
import { fusedKernel, type LayerNormAttrs } from '@simvlm/ops';
import { kernel, type NativeKernel, type Of, sizeOf } from '../kernels/kernel';

export const layerNorm: NativeKernel = kernel<Of<'x' | 'gamma' | 'beta'>, LayerNormAttrs>(
  fusedKernel.layerNorm,
  (b, { x, gamma, beta }, { epsilon }) => {
    const D = gamma.shape[0]!;
    const R = sizeOf(x.shape.slice(0, -1));
    const x_RD = b.op('reshape', b.input(x), [R, D]);
    const [scale, shift] = [b.input(gamma), b.input(beta)];
    const [y, mean, rstd] =
      b.device < 0
        ? b.ops('simvlm::layer_norm', x_RD, scale, shift, epsilon)
        : b.ops('native_layer_norm', x_RD, [D], scale, shift, epsilon);
    return [
      b.output(b.op('view', y!, x.shape), x.shape, 'float32'),
      b.output(b.op('view', mean!, [R]), [R], 'float32'),
      b.output(b.op('view', rstd!, [R]), [R], 'float32'),
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
