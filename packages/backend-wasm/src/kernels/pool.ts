import * as tf from '@tensorflow/tfjs-core';
import { rowGrain, type WasmKernel, withFallback } from './kernel';

type Info = tf.backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];

function geometry(attrs: Record<string, unknown>, shape: readonly number[]): Info {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as {
    filterSize: [number, number] | number;
    strides: [number, number] | number;
    pad: 'valid' | 'same' | number;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
  return tf.backend_util.computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
}

function windowArgs(info: Info, x: number, y: number): number[] {
  return [
    ...[
      x,
      y,
      info.inHeight,
      info.inWidth,
      info.inChannels,
      info.effectiveFilterHeight,
      info.effectiveFilterWidth,
    ],
    ...[
      info.strideHeight,
      info.strideWidth,
      1,
      1,
      info.padInfo.top,
      info.padInfo.left,
      info.outHeight,
      info.outWidth,
    ],
  ];
}

/** The largest of each window, NHWC. */
export const maxPool: WasmKernel = withFallback('MaxPool', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  if (x.dtype !== 'float32') return undefined;
  const info = geometry(attrs, x.shape);
  // tfjs takes such a window for the pixel itself, whatever the stride and the padding.
  const isPixel = info.filterHeight * info.filterWidth === 1;
  if (isPixel && tf.util.arraysEqual(info.inShape, info.outShape)) return undefined;
  const y = backend.output(info.outShape);
  const line = info.outWidth * info.outChannels * info.filterHeight * info.filterWidth;
  const args = windowArgs(info, backend.pointer(x), backend.pointer(y));
  backend.runJob('maxPool', info.batchSize * info.outHeight, args, rowGrain(line));
  return y;
});

/** dy goes to the first largest pixel of each window. */
export const maxPoolGrad: WasmKernel = withFallback('MaxPoolGrad', ({ inputs, attrs, backend }) => {
  const dy = inputs.dy!;
  const x = inputs.input!;
  if (x.dtype !== 'float32' || dy.dtype !== 'float32') return undefined;
  const info = geometry(attrs, x.shape);
  const dx = backend.output(x.shape);
  const args = windowArgs(info, backend.pointer(x), 0);
  const work = info.outHeight * info.outWidth * info.filterHeight * info.filterWidth * 4;
  const items = info.batchSize * Math.ceil(info.inChannels / 4);
  backend.runJob('maxPoolGrad', items, [...args, backend.pointer(dy), backend.pointer(dx)], rowGrain(work));
  return dx;
});
