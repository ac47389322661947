/**
 * Group norm (Wu and He, 2018) of maps with the channels last: on the CPU operators of the addon (`addon/fused_group_norm.cc`), else composed
 * of passes over `[B, P, C]`.
 * `B` pictures, `P` pixels, `C` channels, `G` groups of `c` channels.
 *
 * ATen's own forward kernel takes the variance of channels-last maps as E[x²] − E[x]², which loses all digits where the mean is large,
 * and its gradient wants the channels first: two transpositions that take four times as long as all else. Sums over pixels are the
 * reductions that ATen does fastest.
 */
import { fusedKernel, type GroupNormAttrs } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, type T } from '../kernels/kernel';
import { zeroWhereNotPositive } from './masked';

interface Extents {
  readonly B: number;
  readonly P: number;
  readonly C: number;
  readonly G: number;
  readonly c: number;
}

function extentsOf(x: T, G: number): Extents {
  const [B, height, width, C] = x.shape as [number, number, number, number];
  return { B, P: height * width, C, G, c: C / G };
}

/** The tools of one call. */
function tools(b: NativeBackend, { B, P, C, G, c }: Extents) {
  return {
    pixels: (x: T): Handle => b.op('reshape', b.input(x), [B, P, C]),
    /** gamma or beta as `[1, G, c]`. */
    channels: (x: T): Handle => b.op('reshape', b.input(x), [1, G, c]),
    /** `[B, G]` as `[B, G, 1]`. */
    groups: (x: Handle): Handle => b.op('reshape', x, [B, G, 1]),
    /** Something of each group, or of each channel in its group, for all pixels: `[B, 1, C]`. */
    everyPixel: (x: Handle): Handle => b.op('reshape', b.op('expand', x, [B, G, c]), [B, 1, C]),
    /** Σ over pixels: `[B, P, C]` → `[B, G, c]`. */
    sumPixels: (x: Handle): Handle => b.op('view', b.op('sum.dim_IntList', x, [1], false, 6), [B, G, c]),
    /** Σ over the channels of a group: `[B, G, c]` → `[B, G, 1]`. */
    sumGroup: (x: Handle): Handle => b.op('sum.dim_IntList', x, [2], true),
  };
}

export const groupNorm: NativeKernel = kernel<Of<'x' | 'gamma' | 'beta'>, GroupNormAttrs>(
  fusedKernel.groupNorm,
  (b, { x, gamma, beta }, { groups, epsilon, activation }) => {
    const extents = extentsOf(x, groups);
    const { B, P, C, G, c } = extents;
    const { pixels, channels, everyPixel, sumPixels, sumGroup } = tools(b, extents);
    const x_BPC = pixels(x);
    if (b.device < 0) {
      const relu = activation === 'relu';
      const handles = b.ops('simvlm::group_norm', x_BPC, b.input(gamma), b.input(beta), G, epsilon, relu);
      const [y, mean, rstd] = handles as [Handle, Handle, Handle];
      const statistic = (handle: Handle): T => b.output(handle, [B, G], 'float32');
      return [b.output(b.op('view', y, x.shape), x.shape, 'float32'), statistic(mean), statistic(rstd)];
    }
    const mean_BG1 = sumGroup(sumPixels(x_BPC));
    b.op('div_.Scalar', mean_BG1, P * c);
    const y_BPC = b.op('sub.Tensor', x_BPC, everyPixel(mean_BG1));
    const squares = b.op('mul.Tensor', y_BPC, y_BPC);
    const rstd_BG1 = sumGroup(sumPixels(squares));
    b.free(squares);
    b.op('div_.Scalar', rstd_BG1, P * c);
    b.op('add_.Scalar', rstd_BG1, epsilon);
    b.op('rsqrt_', rstd_BG1);
    const scale_B1C = everyPixel(b.op('mul.Tensor', rstd_BG1, channels(gamma)));
    b.op('addcmul.out', b.input(beta), y_BPC, scale_B1C, 1, y_BPC);
    if (activation === 'relu') b.op('relu_', y_BPC);
    const perGroup = [B, G];
    return [
      b.output(b.op('view', y_BPC, [B, x.shape[1]!, x.shape[2]!, C]), x.shape, 'float32'),
      b.output(b.op('view', mean_BG1, perGroup), perGroup, 'float32'),
      b.output(b.op('view', rstd_BG1, perGroup), perGroup, 'float32'),
    ];
  },
);

/**
 * With g = dy · gamma and n = P·c numbers in a group, of which Σ g and Σ g·x are known:
 *
 *     dx = g · rstd + x · u + w,   u = (mean · Σ g − Σ g·x) · rstd³ / n,   w = −u · mean − rstd · Σ g / n
 *
 * so that dx is two multiply-adds a number. ReLU passes dy where the output, computed again, is positive.
 */
export const groupNormGrad: NativeKernel = kernel<
  Of<'x' | 'gamma' | 'beta' | 'mean' | 'rstd' | 'dy'>,
  GroupNormAttrs
>(fusedKernel.groupNormGrad, (b, { x, gamma, beta, mean, rstd, dy }, { groups, activation }) => {
  const extents = extentsOf(x, groups);
  const { B, P, C, c } = extents;
  const { pixels, channels, groups: perGroup, everyPixel, sumPixels, sumGroup } = tools(b, extents);
  const x_BPC = pixels(x);
  if (b.device < 0) {
    const [means, rstds, scale, shift] = [mean, rstd, gamma, beta].map(tensor => b.input(tensor));
    const relu = activation === 'relu';
    const handles = b.ops('simvlm::group_norm_backward', pixels(dy), x_BPC, means, rstds, scale, shift, relu);
    const [dx, dgamma, dbeta] = handles as [Handle, Handle, Handle];
    const perChannel = (handle: Handle): T => b.output(handle, [C], 'float32');
    return [b.output(b.op('view', dx, x.shape), x.shape, 'float32'), perChannel(dgamma), perChannel(dbeta)];
  }
  const [mean_BG1, rstd_BG1] = [perGroup(b.input(mean)), perGroup(b.input(rstd))];
  const gamma_1Gc = channels(gamma);
  const slope_BGc = b.op('mul.Tensor', rstd_BG1, gamma_1Gc);
  const slope_B1C = everyPixel(slope_BGc);

  let dy_BPC = pixels(dy);
  if (activation === 'relu') {
    const shift_BGc = b.op('addcmul', channels(beta), slope_BGc, mean_BG1, -1);
    const y_BPC = b.op('addcmul', everyPixel(shift_BGc), x_BPC, slope_B1C);
    zeroWhereNotPositive(b, dy_BPC, y_BPC, y_BPC);
    dy_BPC = y_BPC;
  }
  const products = b.op('mul.Tensor', dy_BPC, x_BPC);
  const dyx_BGc = sumPixels(products);
  b.free(products);
  const dy_BGc = sumPixels(dy_BPC);

  const g_BG1 = sumGroup(b.op('mul.Tensor', dy_BGc, gamma_1Gc));
  const gx_BG1 = sumGroup(b.op('mul.Tensor', dyx_BGc, gamma_1Gc));
  const u_BG1 = b.op('sub.Tensor', b.op('mul.Tensor', mean_BG1, g_BG1), gx_BG1);
  b.op('mul_.Tensor', u_BG1, b.op('pow.Tensor_Scalar', rstd_BG1, 3));
  b.op('div_.Scalar', u_BG1, P * c);
  const w_BG1 = b.op('mul.Tensor', u_BG1, mean_BG1);
  b.op('addcmul_', w_BG1, rstd_BG1, g_BG1, 1 / (P * c));
  b.op('neg_', w_BG1);
  const dx_BPC = b.op('addcmul', everyPixel(w_BG1), x_BPC, everyPixel(u_BG1));
  b.op('addcmul_', dx_BPC, dy_BPC, slope_B1C);

  const dgamma_BGc = b.op('addcmul', dyx_BGc, dy_BGc, mean_BG1, -1);
  b.op('mul_.Tensor', dgamma_BGc, rstd_BG1);
  const overPictures = (x_BGc: Handle): T =>
    b.output(b.op('view', b.op('sum.dim_IntList', x_BGc, [0], false), [C]), [C], 'float32');
  return [
    b.output(b.op('view', dx_BPC, [B, x.shape[1]!, x.shape[2]!, C]), x.shape, 'float32'),
    overPictures(dgamma_BGc),
    overPictures(dy_BGc),
  ];
});
