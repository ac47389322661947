import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { type NumericType, scalarTypeOf } from '../tensor-data';
import {
  axisOf,
  cast,
  filled,
  kernel,
  type NativeBackend,
  type NativeKernel,
  type Of,
  sizeOf,
  type T,
  withoutNaN,
} from './kernel';

interface Axes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

function reducedShape(shape: readonly number[], axes: readonly number[], keep: boolean): number[] {
  return keep
    ? shape.map((extent, i) => (axes.includes(i) ? 1 : extent))
    : shape.filter((_, i) => !axes.includes(i));
}

/** `run` reduces over axes, of which there is at least one; without axes a tensor stays as it is. */
function reduction(
  kernelName: string,
  typeOf: (dtype: tf.DataType) => NumericType,
  run: (b: NativeBackend, x: Handle, axes: number[], keep: boolean, dtype: NumericType) => Handle,
): NativeKernel {
  return kernel<Of<'x'>, Axes & { reductionIndices?: number | number[] }>(kernelName, (b, { x }, attrs) => {
    const { axis, reductionIndices, keepDims = false } = attrs;
    // `Max` alone calls its axes otherwise.
    const axes = tf.util.parseAxisParam((reductionIndices ?? axis)!, x.shape);
    const dtype = typeOf(x.dtype);
    if (axes.length === 0) return b.output(cast(b, b.input(x), dtype), x.shape, dtype);
    return b.output(run(b, b.input(x), axes, keepDims, dtype), reducedShape(x.shape, axes, keepDims), dtype);
  });
}

const same = (dtype: tf.DataType): NumericType => dtype as NumericType;
/** Counts and sums of bool are int32. */
const atLeastInt = (dtype: tf.DataType): NumericType => (dtype === 'bool' ? 'int32' : (dtype as NumericType));

/** An operator that takes one axis, over several from the last to the first. */
function axisByAxis(x: Handle, axes: readonly number[], reduce: (x: Handle, axis: number) => Handle) {
  return [...axes].sort((p, q) => q - p).reduce(reduce, x);
}

/** The place of an extreme; NaN, which ATen takes for one, is passed over as `worst`. */
function argExtreme(kernelName: string, operator: string, worst: number): NativeKernel {
  return kernel<Of<'x'>, { axis: number }>(kernelName, (b, { x }, { axis }) => {
    const [along] = tf.util.parseAxisParam(axis, x.shape) as [number];
    let values = x.dtype === 'bool' ? cast(b, b.input(x), 'int32') : b.input(x);
    if (x.dtype === 'float32') values = b.op('nan_to_num', values, ...withoutNaN(worst));
    const places = b.op(operator, values, along, false);
    return b.output(cast(b, places, 'int32'), reducedShape(x.shape, [along], false), 'int32');
  });
}

interface Scan {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** Sums or products of all that stands before, with (or `exclusive`, without) the number itself. */
function scan(kernelName: string, operator: string, neutral: number): NativeKernel {
  return kernel<Of<'x'>, Scan>(kernelName, (b, { x }, { axis, exclusive, reverse }) => {
    const rank = x.shape.length;
    const along = axisOf(axis, rank);
    const dtype = atLeastInt(x.dtype);
    let y = b.input(x);
    if (reverse) y = b.op('flip', y, [along]);
    if (exclusive && x.shape[along]! > 0) {
      const others = b.op('slice.Tensor', y, along, 0, x.shape[along]! - 1, 1);
      const first = filled(
        b,
        x.shape.map((extent, i) => (i === along ? 1 : extent)),
        neutral,
        dtype,
      );
      y = b.op('cat', [first, cast(b, others, dtype)], along);
    }
    y = b.op(operator, y, along, scalarTypeOf[dtype]);
    if (reverse) y = b.op('flip', y, [along]);
    return b.output(y, x.shape, dtype);
  });
}

function softmax(kernelName: string, operator: string, name: string): NativeKernel {
  return kernel<Record<string, T>, { dim?: number; axis?: number }>(
    kernelName,
    (b, inputs, { dim, axis }) => {
      const logits = inputs[name]!;
      if (sizeOf(logits.shape) === 0) return b.share(logits);
      return b.output(b.op(operator, b.input(logits), dim ?? axis ?? -1, false), logits.shape, logits.dtype);
    },
  );
}

export const reductionKernels: readonly NativeKernel[] = [
  reduction('Sum', atLeastInt, (b, x, axes, keep, dtype) =>
    b.op('sum.dim_IntList', x, axes, keep, scalarTypeOf[dtype]),
  ),
  reduction(
    'Mean',
    () => 'float32',
    (b, x, axes, keep, dtype) => b.op('mean.dim', x, axes, keep, scalarTypeOf[dtype]),
  ),
  reduction('Max', same, (b, x, axes, keep) => b.op('amax', x, axes, keep)),
  reduction('Min', same, (b, x, axes, keep) => b.op('amin', x, axes, keep)),
  reduction('All', same, (b, x, axes, keep) =>
    axisByAxis(x, axes, (y, axis) => b.op('all.dim', y, axis, keep)),
  ),
  reduction('Any', same, (b, x, axes, keep) =>
    axisByAxis(x, axes, (y, axis) => b.op('any.dim', y, axis, keep)),
  ),
  reduction('Prod', atLeastInt, (b, x, axes, keep, dtype) =>
    axisByAxis(x, axes, (y, axis) => b.op('prod.dim_int', y, axis, keep, scalarTypeOf[dtype])),
  ),
  argExtreme('ArgMax', 'argmax', Number.NEGATIVE_INFINITY),
  argExtreme('ArgMin', 'argmin', Number.POSITIVE_INFINITY),
  scan('Cumsum', 'cumsum', 0),
  scan('Cumprod', 'cumprod', 1),
  softmax('Softmax', '_softmax', 'logits'),
  softmax('LogSoftmax', '_log_softmax', 'logits'),
];
