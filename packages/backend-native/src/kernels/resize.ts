import type * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { cast, filled, kernel, type NativeBackend, type NativeKernel, type Of } from './kernel';

interface Attrs {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** Where each of `to` places along an axis reads among `from`: two neighbours, and how far it is to the second. */
interface Samples {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float32Array;
}

function scaleOf(from: number, to: number, alignCorners: boolean): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

function bilinear(from: number, to: number, { alignCorners, halfPixelCenters }: Attrs): Samples {
  const scale = scaleOf(from, to, alignCorners);
  const [low, high, weight] = [new Int32Array(to), new Int32Array(to), new Float32Array(to)];
  for (let i = 0; i < to; i++) {
    const at = halfPixelCenters ? Math.max(0, scale * (i + 0.5) - 0.5) : scale * i;
    low[i] = Math.min(from - 1, Math.floor(at));
    high[i] = Math.min(from - 1, Math.ceil(at));
    weight[i] = at - low[i]!;
  }
  return { low, high, weight };
}

function nearest(from: number, to: number, { alignCorners, halfPixelCenters }: Attrs): Int32Array {
  const scale = scaleOf(from, to, alignCorners);
  return Int32Array.from({ length: to }, (_, i) => {
    const at = halfPixelCenters ? scale * (i + 0.5) : scale * i;
    return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(at) : Math.floor(at)));
  });
}

function index(b: NativeBackend, values: Int32Array): Handle {
  return b.constant(values, [values.length], 'int32');
}

/** Weights along axis 1 (rows) or 2 (columns) of `[N, h, w, C]`. */
function weights(b: NativeBackend, values: Float32Array, axis: number): Handle {
  return b.constant(values, axis === 1 ? [values.length, 1, 1] : [values.length, 1], 'float32');
}

/** Rows or columns between two neighbours. */
function interpolated(b: NativeBackend, x: Handle, axis: number, { low, high, weight }: Samples): Handle {
  const [first, second] = [low, high].map(places => b.op('index_select', x, axis, index(b, places)));
  return b.op('lerp.Tensor', first!, second!, weights(b, weight, axis));
}

/** Its gradient: each row or column to the two that it was made of. */
function spread(
  b: NativeBackend,
  dy: Handle,
  axis: number,
  shape: readonly number[],
  samples: Samples,
): Handle {
  const dx = filled(b, shape, 0);
  const upper = b.op('mul.Tensor', dy, weights(b, samples.weight, axis));
  b.op('index_add_', dx, axis, index(b, samples.high), upper);
  b.op('index_add_', dx, axis, index(b, samples.low), b.op('sub.Tensor', dy, upper));
  return dx;
}

const resizeBilinear = kernel<Of<'images'>, tf.ResizeBilinearAttrs>(
  'ResizeBilinear',
  (b, { images }, attrs) => {
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const [newHeight, newWidth] = attrs.size;
    const x = images.dtype === 'float32' ? b.input(images) : cast(b, b.input(images), 'float32');
    const rows = interpolated(b, x, 1, bilinear(height, newHeight, attrs));
    const y = interpolated(b, rows, 2, bilinear(width, newWidth, attrs));
    return b.output(y, [batch, newHeight, newWidth, channels], 'float32');
  },
);

const resizeBilinearGrad = kernel<Of<'images' | 'dy'>, Attrs>(
  'ResizeBilinearGrad',
  (b, { images, dy }, attrs) => {
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const [, newHeight, newWidth] = dy.shape as [number, number, number, number];
    const columns = spread(
      ...([
        b,
        b.input(dy),
        2,
        [batch, newHeight, width, channels],
        bilinear(width, newWidth, attrs),
      ] as const),
    );
    return b.output(
      spread(b, columns, 1, images.shape, bilinear(height, newHeight, attrs)),
      images.shape,
      'float32',
    );
  },
);

const resizeNearest = kernel<Of<'images'>, tf.ResizeNearestNeighborAttrs>(
  'ResizeNearestNeighbor',
  (b, { images }, attrs) => {
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const [newHeight, newWidth] = attrs.size;
    const rows = b.op('index_select', b.input(images), 1, index(b, nearest(height, newHeight, attrs)));
    const y = b.op('index_select', rows, 2, index(b, nearest(width, newWidth, attrs)));
    return b.output(y, [batch, newHeight, newWidth, channels], images.dtype);
  },
);

const resizeNearestGrad = kernel<Of<'images' | 'dy'>, Attrs>(
  'ResizeNearestNeighborGrad',
  (b, { images, dy }, attrs) => {
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const [, newHeight, newWidth] = dy.shape as [number, number, number, number];
    const columns = filled(b, [batch, newHeight, width, channels], 0);
    b.op('index_add_', columns, 2, index(b, nearest(width, newWidth, attrs)), b.input(dy));
    const dx = filled(b, images.shape, 0);
    b.op('index_add_', dx, 1, index(b, nearest(height, newHeight, attrs)), columns);
    return b.output(dx, images.shape, images.dtype);
  },
);

export const resizeKernels: readonly NativeKernel[] = [
  resizeBilinear,
  resizeBilinearGrad,
  resizeNearest,
  resizeNearestGrad,
];
