/**
 * What a step of decoding does around a linear map, in one launch: y = residual + activation(norm(x) · w + b), for up to 8 rows.
 *
 *     x ──▶ norm ──▶ · w + b ──▶ activation ──▶ + ──▶ y          launches of a decoder layer
 *     ╰──────────────── residual ───────────────╯                self-attention 7, cross-attention 3, MLP 2
 *
 * Each launch is asked for by JavaScript and the driver, however little there is to compute.
 */
import { DECODE_LINEAR, type DecodeLinearAttrs } from '@simvlm/ops';
import { gemm } from '../gemm';
import { kernel, type Of, sizeOf, type T, type WebGpuKernel } from './kernel';

type Inputs = Of<'x' | 'w'> & Partial<Of<'b' | 'gamma' | 'beta' | 'residual'>>;

export const decodeLinear: WebGpuKernel = kernel<Inputs, DecodeLinearAttrs>(
  DECODE_LINEAR,
  (backend, { x, w, b: bias, gamma, beta, residual }, { activation, transposeW, epsilon }) => {
    const [M, K] = [sizeOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]!];
    const N = w.shape[transposeW ? 0 : 1]!;
    const c: T = backend.make([...x.shape.slice(0, -1), N], 'float32');
    gemm(backend, {
      ...{ M, N, K, a: x, b: w, transposeB: transposeW, bias, activation, c },
      around: { residual, norm: gamma && beta && { gamma, beta, epsilon } },
    });
    return c;
  },
);
