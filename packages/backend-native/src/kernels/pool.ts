import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { type NumericType, sameShape } from '../tensor-data';
import {
  cast,
  indices as counting,
  filled,
  kernel,
  type NativeBackend,
  type NativeKernel,
  type Of,
  sizeOf,
  type T,
  withoutNaN,
} from './kernel';
import { channelsLast, channelsSecond, narrowed, poolable, widened, window2D, window3D } from './window';

interface Attrs {
  readonly filterSize: number | number[];
  readonly strides: number | number[];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

interface Pool {
  readonly window: ReturnType<typeof poolable>;
  readonly outShape: readonly number[];
  /** `2d` or `3d`, as ATen's operators end. */
  readonly kind: '2d' | '3d';
}

/** The geometry for images `[N, h, w, C]` or volumes `[N, d, h, w, C]`. */
function poolOf(shape: readonly number[], { filterSize, strides, pad, dimRoundingMode }: Attrs): Pool {
  type Pair = [number, number];
  type Triple = [number, number, number];
  if (shape.length === 5) {
    const info = tf.backend_util.computePool3DInfo(
      ...([
        shape as [number, number, number, number, number],
        filterSize as Triple,
        strides as Triple,
        1,
      ] as const),
      ...([pad, dimRoundingMode] as const),
    );
    return { window: poolable(window3D(info)), outShape: info.outShape, kind: '3d' };
  }
  const info = tf.backend_util.computePool2DInfo(
    ...([shape as [number, number, number, number], filterSize as Pair, strides as Pair, 1] as const),
    ...([pad, dimRoundingMode] as const),
  );
  return { window: poolable(window2D(info)), outShape: info.outShape, kind: '2d' };
}

/** What a pool gives without looking at windows: nothing where none fits, the input itself where tfjs takes each for one pixel. */
function trivial(b: NativeBackend, x: T, { window, outShape }: Pool): T | undefined {
  if (sizeOf(outShape) === 0)
    return b.output(filled(b, outShape, 0, x.dtype as NumericType), outShape, x.dtype);
  return sizeOf(window.kernel) === 1 && sameShape(x.shape, outShape) ? b.share(x) : undefined;
}

/** The input of a pool, in ATen's order of axes. */
function pixels(b: NativeBackend, x: T): Handle {
  const numbers = x.dtype === 'float32' ? b.input(x) : cast(b, b.input(x), 'float32');
  return channelsSecond(b, numbers, x.shape.length);
}

/** The greatest of each window and where it stood, in ATen's order of axes. */
function maxima(
  b: NativeBackend,
  x: T,
  { window, kind }: Pool,
): { input: Handle; values: Handle; places: Handle } {
  const input = widened(b, pixels(b, x), window, Number.NEGATIVE_INFINITY);
  // A maximum passes over NaN, which ATen's would take.
  const numbers =
    x.dtype === 'float32' ? b.op('nan_to_num', input, ...withoutNaN(Number.NEGATIVE_INFINITY)) : input;
  const [values, places] = b.ops(
    `max_pool${kind}_with_indices`,
    ...([numbers, window.kernel, window.stride, window.padding, window.dilation, window.isCut] as const),
  ) as [Handle, Handle];
  return { input, values, places };
}

function maxPool(kernelName: string): NativeKernel {
  return kernel<Of<'x'>, Attrs>(kernelName, (b, { x }, attrs) => {
    const pool = poolOf(x.shape, attrs);
    const known = trivial(b, x, pool);
    if (known) return known;
    const { values, places } = maxima(b, x, pool);
    const y = channelsLast(b, values, x.shape.length);
    const output = b.output(
      x.dtype === 'float32' ? y : cast(b, y, x.dtype as 'int32'),
      pool.outShape,
      x.dtype,
    );
    // Only where a gradient may come: the places are twice as large as the maxima.
    if (tf.engine().state.gradientDepth > 0) b.accompany(output, places);
    return output;
  });
}

/** The gradient goes to the first of the greatest, which the pool left beside its output; else they are found once more. */
function maxPoolGrad(kernelName: string): NativeKernel {
  return kernel<Of<'dy' | 'input' | 'output'>, Attrs>(kernelName, (b, { dy, input: x, output }, attrs) => {
    const pool = poolOf(x.shape, attrs);
    const { window, kind } = pool;
    const rank = x.shape.length;
    const known = b.companion(output);
    const { input, places } =
      known === 0
        ? maxima(b, x, pool)
        : { input: widened(b, pixels(b, x), window, Number.NEGATIVE_INFINITY), places: known };
    const dx = b.op(
      `max_pool${kind}_with_indices_backward`,
      ...([channelsSecond(b, b.input(dy), rank), input, window.kernel, window.stride] as const),
      ...([window.padding, window.dilation, window.isCut, places] as const),
    );
    return b.output(channelsLast(b, narrowed(b, dx, window), rank), x.shape, 'float32');
  });
}

/** Means over the pixels that exist: padding does not count. A window of nothing but padding gives 0. */
function avgPool(kernelName: string): NativeKernel {
  return kernel<Of<'x'>, Attrs>(kernelName, (b, { x }, attrs) => {
    const pool = poolOf(x.shape, attrs);
    const known = trivial(b, x, pool);
    if (known) return known;
    const { window, outShape, kind } = pool;
    const rank = x.shape.length;
    const input = pixels(b, x);
    const mean = (handle: Handle): Handle =>
      b.op(
        `avg_pool${kind}`,
        ...([handle, window.kernel, window.stride, window.padding, window.isCut, false, null] as const),
      );
    let y = mean(widened(b, input, window, 0));
    if (window.isPadded) {
      // The share of each window that lies on pixels.
      const ones = filled(b, [1, 1, ...window.extent], 1);
      const share = mean(widened(b, ones, window, 0));
      b.op('div_.Tensor', y, b.op('clamp_min', share, 1 / sizeOf(window.kernel)));
    }
    y = channelsLast(b, y, rank);
    return b.output(x.dtype === 'float32' ? y : cast(b, y, x.dtype as 'int32'), outShape, x.dtype);
  });
}

/** As tfjs's CPU backend has it: dy divided by the whole window, at the border too. */
function avgPoolGrad(kernelName: string): NativeKernel {
  return kernel<Of<'dy' | 'input'>, Attrs>(kernelName, (b, { dy, input }, attrs) => {
    const { window, kind } = poolOf(input.shape, attrs);
    const rank = input.shape.length;
    const x = widened(b, channelsSecond(b, b.input(input), rank), window, 0);
    const dx = b.op(
      `avg_pool${kind}_backward`,
      ...([channelsSecond(b, b.input(dy), rank), x, window.kernel, window.stride] as const),
      ...([window.padding, window.isCut, true, sizeOf(window.kernel)] as const),
    );
    return b.output(channelsLast(b, narrowed(b, dx, window), rank), input.shape, 'float32');
  });
}

/** Places as tfjs counts them: (row · width + column) · channels + channel, in the batch or in its image. */
const maxPoolWithArgmax = kernel<Of<'x'>, tf.MaxPoolWithArgmaxAttrs>(
  'MaxPoolWithArgmax',
  (b, { x }, attrs) => {
    const pool = poolOf(x.shape, { ...attrs, pad: attrs.pad as 'valid' });
    const { window, outShape } = pool;
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const { values, places } = maxima(b, x, pool);
    let at = places;
    if (window.isPadded) {
      const wide = window.before[1]! + width + window.after[1]!;
      const row = b.op('sub.Scalar', b.op('div.Scalar_mode', at, wide, 'floor'), window.before[0]!);
      const column = b.op('sub.Scalar', b.op('remainder.Scalar', at, wide), window.before[1]!);
      at = b.op('add.Tensor', b.op('mul.Scalar', row, width), column);
    }
    const channel = b.op('view', counting(b, channels), [channels, 1, 1]);
    at = b.op('add.Tensor', b.op('mul.Scalar', at, channels), channel);
    if (attrs.includeBatchInIndex) {
      const image = b.op('mul.Scalar', counting(b, batch), height * width * channels);
      at = b.op('add.Tensor', at, b.op('view', image, [batch, 1, 1, 1]));
    }
    const pooled = channelsLast(b, values, 4);
    const numbers = x.dtype === 'float32' ? pooled : cast(b, pooled, x.dtype as 'int32');
    const index = cast(b, channelsLast(b, at, 4), 'int32');
    return [b.output(numbers, outShape, x.dtype), b.output(index, outShape, 'int32')];
  },
);

export const poolKernels: readonly NativeKernel[] = [
  maxPool('MaxPool'),
  maxPool('MaxPool3D'),
  maxPoolGrad('MaxPoolGrad'),
  maxPoolGrad('MaxPool3DGrad'),
  maxPoolWithArgmax,
  avgPool('AvgPool'),
  avgPool('AvgPool3D'),
  avgPoolGrad('AvgPoolGrad'),
  avgPoolGrad('AvgPool3DGrad'),
];
