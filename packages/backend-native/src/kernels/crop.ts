import * as tf from '@tensorflow/tfjs-core';
import { type Handle, scalarType } from '../addon/interface';
import { cast, kernel, type NativeBackend, type NativeKernel, type Of, toLong } from './kernel';

/** Places along one axis of all boxes, `[boxes, crop]`: from `low` to `high`, both as shares of the image. */
function places(
  b: NativeBackend,
  boxes: Handle,
  low: number,
  high: number,
  extent: number,
  crop: number,
): Handle {
  const from = b.op('slice.Tensor', boxes, 1, low, low + 1, 1);
  const to = b.op('slice.Tensor', boxes, 1, high, high + 1, 1);
  if (crop === 1) return b.op('mul.Scalar', b.op('add.Tensor', from, to), 0.5 * (extent - 1));
  const step = b.op('mul.Scalar', b.op('sub.Tensor', to, from), (extent - 1) / (crop - 1));
  const steps = b.op('mul.Tensor', step, b.op('arange', crop, scalarType.float64, null, b.device));
  return b.op('add.Tensor', b.op('mul.Scalar', from, extent - 1), steps);
}

function inside(b: NativeBackend, at: Handle, extent: number): Handle {
  return b.op('logical_and', b.op('ge.Scalar', at, 0), b.op('le.Scalar', at, extent - 1));
}

/** Boxes of images, each resized to one size; what lies outside of the image is `extrapolationValue`. */
const cropAndResize = kernel<Of<'image' | 'boxes' | 'boxInd'>, tf.CropAndResizeAttrs>(
  'CropAndResize',
  (b, { image, boxes, boxInd }, { cropSize, method, extrapolationValue }) => {
    const [batch, height, width, channels] = image.shape as [number, number, number, number];
    const count = boxes.shape[0]!;
    const [cropHeight, cropWidth] = cropSize;
    const shape = [count, cropHeight, cropWidth, channels];
    const numbers = image.dtype === 'float32' ? b.input(image) : cast(b, b.input(image), 'float32');
    const pixels = b.op('reshape', numbers, [batch * height * width, channels]);
    // In float64, as JavaScript counts: half a pixel decides which is the nearest.
    const corners = b.op('to.dtype', b.input(boxes), scalarType.float64);
    const y = places(b, corners, 0, 2, height, cropHeight);
    const x = places(b, corners, 1, 3, width, cropWidth);
    const row = b.op('clamp', y, 0, height - 1);
    const column = b.op('clamp', x, 0, width - 1);
    const which = b.op('clamp', toLong(b, b.input(boxInd)), 0, Math.max(0, batch - 1));
    const image0 = b.op('mul.Scalar', b.op('view', which, [count, 1, 1]), height * width);
    const pixelsAt = (rows: Handle, columns: Handle): Handle => {
      const line = b.op('mul.Scalar', b.op('unsqueeze', toLong(b, rows), 2), width);
      const at = b.op(
        'add.Tensor',
        b.op('add.Tensor', image0, line),
        b.op('unsqueeze', toLong(b, columns), 1),
      );
      return b.op('view', b.op('index_select', pixels, 0, b.op('reshape', at, [-1])), shape);
    };
    let crops: Handle;
    if (method === 'nearest') {
      const rounded = (at: Handle): Handle => b.op('floor', b.op('add.Scalar', at, 0.5));
      crops = pixelsAt(rounded(row), rounded(column));
    } else {
      const [top, left] = [b.op('floor', row), b.op('floor', column)];
      const [bottom, right] = [b.op('ceil', row), b.op('ceil', column)];
      const down = b.op('view', cast(b, b.op('sub.Tensor', row, top), 'float32'), [count, cropHeight, 1, 1]);
      const across = b.op('view', cast(b, b.op('sub.Tensor', column, left), 'float32'), [
        count,
        1,
        cropWidth,
        1,
      ]);
      const upper = b.op('lerp.Tensor', pixelsAt(top, left), pixelsAt(top, right), across);
      const lower = b.op('lerp.Tensor', pixelsAt(bottom, left), pixelsAt(bottom, right), across);
      crops = b.op('lerp.Tensor', upper, lower, down);
    }
    const rows = b.op('view', inside(b, y, height), [count, cropHeight, 1, 1]);
    const columns = b.op('view', inside(b, x, width), [count, 1, cropWidth, 1]);
    const outside = b.op('logical_not', b.op('logical_and', rows, columns));
    return b.output(b.op('masked_fill.Scalar', crops, outside, extrapolationValue), shape, 'float32');
  },
);

/** Turned around a centre, nearest pixels. The places depend on the angle alone: worked out on the host. */
const rotate = kernel<Of<'image'>, tf.RotateWithOffsetAttrs>('RotateWithOffset', (b, { image }, attrs) => {
  const { radians, fillValue, center } = attrs;
  const [batch, height, width, channels] = image.shape as [number, number, number, number];
  const [centerX, centerY] = tf.backend_util.getImageCenter(center, height, width);
  const [sine, cosine] = [Math.sin(radians), Math.cos(radians)];
  const place = new Int32Array(height * width);
  const isOutside = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = Math.round((x - centerX) * cosine - (y - centerY) * sine + centerX);
      const fromY = Math.round((x - centerX) * sine + (y - centerY) * cosine + centerY);
      const hits = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
      place[y * width + x] = hits ? fromY * width + fromX : 0;
      isOutside[y * width + x] = hits ? 0 : 1;
    }
  }
  const pixels = b.op('reshape', b.input(image), [batch, height * width, channels]);
  const turned = b.op('index_select', pixels, 1, b.constant(place, [height * width], 'int32'));
  const colours = Array.from({ length: channels }, (_, channel) => {
    if (typeof fillValue === 'number') return fillValue;
    return channel === 3 ? 255 : fillValue[channel]!;
  });
  const fill = b.constant(Float32Array.from(colours), [channels], 'float32');
  const outside = b.constant(isOutside, [height * width, 1], 'bool');
  const typed = image.dtype === 'float32' ? fill : cast(b, fill, image.dtype as 'int32');
  const y = b.op('where.self', outside, typed, turned);
  return b.output(b.op('view', y, image.shape), image.shape, image.dtype);
});

export const cropKernels: readonly NativeKernel[] = [cropAndResize, rotate];
