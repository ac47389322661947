import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import { gemm } from '../gemm';
import { type KernelCall, rowGrain, type WasmKernel, withFallback } from './kernel';
import { columnBias, finish } from './matmul';

/** Bytes of windows that are laid out at a time. */
const WINDOW_BYTES = 16 * 2 ** 20;

type Info = tf.backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];

/** The geometry of an NHWC convolution; undefined for NCHW, which is left to the CPU. */
function geometry(
  attrs: Record<string, unknown>,
  xShape: readonly number[],
  filterShape: readonly number[],
): Info | undefined {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = attrs as {
    strides: [number, number] | number;
    pad: 'valid' | 'same' | number;
    dataFormat: 'NHWC' | 'NCHW';
    dilations?: [number, number] | number;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  if (dataFormat === 'NCHW') return undefined;
  const [x, filter] = [xShape as Shape4, filterShape as Shape4];
  return tf.backend_util.computeConv2DInfo(x, filter, strides, dilations ?? 1, pad, dimRoundingMode);
}

/** A window of one pixel at stride 1: the image already is the matrix. */
function isPointwise(info: Info): boolean {
  return (
    info.filterHeight === 1 &&
    info.filterWidth === 1 &&
    info.strideHeight === 1 &&
    info.strideWidth === 1 &&
    info.padInfo.top === 0 &&
    info.padInfo.left === 0 &&
    info.outHeight === info.inHeight &&
    info.outWidth === info.inWidth
  );
}

/** Numbers of one window: the k of the matrix product. */
function windowSize(info: Info): number {
  return info.filterHeight * info.filterWidth * info.inChannels;
}

/** The arguments that `im2col` and `col2im` share. */
function windowArgs(info: Info, x: number, windows: number, first: number): number[] {
  return [
    ...[x, windows, info.inHeight, info.inWidth, info.inChannels, info.filterHeight, info.filterWidth],
    ...[info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth],
    ...[info.padInfo.top, info.padInfo.left, info.outHeight, info.outWidth, first],
  ];
}

/** Calls `use(windows, first, count)` for blocks of output pixels whose windows are laid out as rows at `windows`. */
function forWindows(
  backend: WasmBackend,
  info: Info,
  x: number,
  use: (windows: number, first: number, count: number) => void,
): void {
  const pixels = info.batchSize * info.outHeight * info.outWidth;
  if (isPointwise(info)) {
    use(x, 0, pixels);
    return;
  }
  const size = windowSize(info);
  const block = Math.min(pixels, Math.max(64, Math.floor(WINDOW_BYTES / (size * 4))));
  backend.runtime.withScratch(block * size * 4, windows => {
    for (let first = 0; first < pixels; first += block) {
      const count = Math.min(block, pixels - first);
      backend.runJob('im2col', count, windowArgs(info, x, windows, first), rowGrain(size));
      use(windows, first, count);
    }
  });
}

function convolve(call: KernelCall, bias?: tf.TensorInfo): tf.TensorInfo | undefined {
  const { inputs, attrs, backend } = call;
  const x = inputs.x!;
  const filter = inputs.filter!;
  if (x.dtype !== 'float32' || filter.dtype !== 'float32') return undefined;
  const info = geometry(attrs, x.shape, filter.shape);
  if (!info) return undefined;
  const y = backend.output(info.outShape);
  const [k, n] = [windowSize(info), info.outChannels];
  forWindows(backend, info, backend.pointer(x), (windows, first, count) => {
    gemm(backend.runtime, {
      ...{ m: count, n, k, a: windows, lda: k, b: backend.pointer(filter), ldb: n },
      ...{ c: backend.pointer(y) + first * n * 4, ldc: n, bias: bias ? backend.pointer(bias) : 0 },
    });
  });
  return y;
}

export const conv2D: WasmKernel = withFallback('Conv2D', call => convolve(call));

export const fusedConv2D: WasmKernel = withFallback('FusedConv2D', call => {
  const bias = columnBias(call.inputs.bias, call.inputs.filter!.shape[3]!);
  const y = convolve(call, bias);
  return y && finish(call.backend, y, bias ? undefined : call.inputs.bias, call);
});

/** The filter's gradient: windowsᵀ · dy, block after block. */
export const conv2DBackpropFilter: WasmKernel = withFallback(
  'Conv2DBackpropFilter',
  ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const dy = inputs.dy!;
    if (x.dtype !== 'float32' || dy.dtype !== 'float32') return undefined;
    const filterShape = attrs.filterShape as Shape4;
    const info = geometry(attrs, x.shape, filterShape);
    if (!info) return undefined;
    const dw = backend.output(filterShape);
    const [m, n] = [windowSize(info), info.outChannels];
    forWindows(backend, info, backend.pointer(x), (windows, first, count) => {
      gemm(backend.runtime, {
        ...{
          m,
          n,
          k: count,
          a: windows,
          lda: m,
          transA: true,
          b: backend.pointer(dy) + first * n * 4,
          ldb: n,
        },
        ...{ c: backend.pointer(dw), ldc: n, accumulate: first > 0 },
      });
    });
    return dw;
  },
);

/** The image's gradient: dy · filterᵀ gives the gradient of each window, and each pixel gathers its share of them. */
export const conv2DBackpropInput: WasmKernel = withFallback(
  'Conv2DBackpropInput',
  ({ inputs, attrs, backend }) => {
    const dy = inputs.dy!;
    const filter = inputs.filter!;
    if (dy.dtype !== 'float32' || filter.dtype !== 'float32') return undefined;
    const inputShape = attrs.inputShape as Shape4;
    const info = geometry(attrs, inputShape, filter.shape);
    // Of a gradient larger than what the convolution gives, tfjs reads the first rows and columns: left to the CPU.
    if (!info || !tf.util.arraysEqual(info.outShape, dy.shape)) return undefined;
    const dx = backend.output(inputShape);
    const [n, k] = [windowSize(info), info.outChannels];
    const pixels = info.outHeight * info.outWidth;
    const multiply = (first: number, images: number, c: number): void =>
      gemm(backend.runtime, {
        ...{ m: images * pixels, n, k, a: backend.pointer(dy) + first * pixels * k * 4, lda: k },
        ...{ b: backend.pointer(filter), ldb: k, transB: true, c, ldc: n },
      });
    if (isPointwise(info)) {
      multiply(0, info.batchSize, backend.pointer(dx));
      return dx;
    }
    const block = Math.min(info.batchSize, Math.max(1, Math.floor(WINDOW_BYTES / (pixels * n * 4))));
    backend.runtime.withScratch(block * pixels * n * 4, windows => {
      for (let first = 0; first < info.batchSize; first += block) {
        const images = Math.min(block, info.batchSize - first);
        multiply(first, images, windows);
        const args = windowArgs(info, backend.pointer(dx), windows, first);
        backend.runJob('col2im', images * info.inHeight, args, rowGrain((pixels / info.inHeight) * n));
      }
    });
    return dx;
  },
);
