/** Cases at the edge that tfjs gets wrong, mended around its kernels. */
import * as tf from '@tensorflow/tfjs-core';
import { kernel, type Of, sizeOf, type T, type WebGpuKernel } from '../fused/kernel';
import { runOriginal } from './original';

/** Of a vector it is a number, not a vector of one. */
export const argKernels: readonly WebGpuKernel[] = ['ArgMax', 'ArgMin'].map(name =>
  kernel<Of<'x'>, object>(name, (b, { x }, attrs) => {
    const found = runOriginal(name, b, { x }, attrs);
    return x.shape.length === 1 ? { ...found, shape: [] } : found;
  }),
);

/** One number is the first: there is no step. */
export const linSpace: WebGpuKernel = kernel<object, { start: number; num: number }>(
  'LinSpace',
  (b, _, attrs) =>
    attrs.num === 1
      ? runOriginal('Fill', b, {}, { shape: [1], value: attrs.start, dtype: 'float32' })
      : runOriginal('LinSpace', b, {}, attrs),
);

/** tfjs binds all of them in one launch, however many a device takes: here it is by as many as it takes. */
export const addN: WebGpuKernel = kernel<readonly T[]>('AddN', (b, inputs) => {
  // One is the sum.
  const most = b.device.limits.maxStorageBuffersPerShaderStage - 1;
  const rest = [...inputs];
  let sum = runOriginal('AddN', b, rest.splice(0, most));
  while (rest.length > 0) {
    const next = runOriginal('AddN', b, [sum, ...rest.splice(0, most - 1)]);
    b.disposeData(sum.dataId);
    sum = next;
  }
  return sum;
});

interface ReductionAttrs {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims?: boolean;
}

/** Of no numbers. */
const nothing = {
  Sum: 0,
  Prod: 1,
  Mean: Number.NaN,
  Max: Number.NEGATIVE_INFINITY,
  Min: Number.POSITIVE_INFINITY,
  Any: 0,
  All: 1,
} as const;

/** Over no numbers, for which tfjs makes no buffer. */
export const reductionKernels: readonly WebGpuKernel[] = Object.entries(nothing).map(([name, value]) =>
  kernel<Of<'x'>, ReductionAttrs>(name, (b, { x }, attrs) => {
    if (sizeOf(x.shape) > 0) return runOriginal(name, b, { x }, attrs);
    const axes = tf.util.parseAxisParam(
      attrs.axis ?? attrs.reductionIndices ?? x.shape.map((_, axis) => axis),
      x.shape,
    );
    const shape = x.shape.flatMap((extent, axis) =>
      axes.includes(axis) ? (attrs.keepDims ? [1] : []) : [extent],
    );
    const dtype = x.dtype === 'bool' && (name === 'Sum' || name === 'Prod') ? 'int32' : x.dtype;
    if (sizeOf(shape) === 0) return b.make(shape, dtype);
    return runOriginal('Fill', b, {}, { shape, value, dtype });
  }),
);
