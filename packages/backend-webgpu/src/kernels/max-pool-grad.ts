/** The gradient of max-pooling, to the first of equal pixels, as on the other backends; tfjs gives it to the last. */
import * as tf from '@tensorflow/tfjs-core';
import { kernel, type Of, type WebGpuKernel } from '../fused/kernel';
import type { Program } from '../program';
import { each, launchEach, THREADS } from './elementwise';

interface PoolAttrs {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** A pixel asks each window that it stands in whether it is the first of the largest there. */
const program: Program = {
  key: 'max-pool-grad',
  reads: { x: 'f32', dy: 'f32' },
  writes: { dx: 'f32' },
  uniforms: [
    ...['size', 'height', 'width', 'channels', 'outHeight', 'outWidth'],
    ...['filterHeight', 'filterWidth', 'strideHeight', 'strideWidth', 'top', 'left'],
  ],
  workgroup: [THREADS, 1, 1],
  code: () => `
// Windows along an axis that hold place p: from … to.
fn windows(p: u32, pad: u32, extent: u32, stride: u32, count: u32) -> vec2<u32> {
  let end = p + pad;
  let first = select(0u, (end - extent) / stride + 1, end >= extent);
  return vec2<u32>(first, min(end / stride + 1, count));
}
// Where the largest pixel of a window stands first.
fn largest(corner: vec2<i32>, base: u32, channel: u32) -> u32 {
  var best = -1;
  var value = 0.0;
  for (var i = max(corner.x, 0); i < min(corner.x + i32(u.filterHeight), i32(u.height)); i++) {
    for (var j = max(corner.y, 0); j < min(corner.y + i32(u.filterWidth), i32(u.width)); j++) {
      let at = i * i32(u.width) + j;
      let candidate = x[(base + u32(at)) * u.channels + channel];
      if (best < 0 || candidate > value) {
        best = at;
        value = candidate;
      }
    }
  }
  return u32(best);
}${each(`
  let channel = i % u.channels;
  let pixel = i / u.channels;
  let picture = pixel / (u.height * u.width);
  let at = pixel % (u.height * u.width);
  let rows = windows(at / u.width, u.top, u.filterHeight, u.strideHeight, u.outHeight);
  let columns = windows(at % u.width, u.left, u.filterWidth, u.strideWidth, u.outWidth);
  var sum = 0.0;
  for (var row = rows.x; row < rows.y; row++) {
    for (var column = columns.x; column < columns.y; column++) {
      let corner = vec2<i32>(vec2<u32>(row * u.strideHeight, column * u.strideWidth)) - vec2<i32>(vec2<u32>(u.top, u.left));
      if (largest(corner, picture * u.height * u.width, channel) == at) {
        sum += dy[((picture * u.outHeight + row) * u.outWidth + column) * u.channels + channel];
      }
    }
  }
  dx[i] = sum;`)}`,
};

export const maxPoolGrad: WebGpuKernel = kernel<Of<'dy' | 'input'>, PoolAttrs>(
  'MaxPoolGrad',
  (b, { dy, input: x }, { filterSize, strides, pad, dimRoundingMode }) => {
    const shape = x.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    return launchEach(b, program, [x, dy], b.make(shape, 'float32'), {
      ...{ height: info.inHeight, width: info.inWidth, channels: info.inChannels },
      ...{ outHeight: info.outHeight, outWidth: info.outWidth },
      ...{ filterHeight: info.filterHeight, filterWidth: info.filterWidth },
      ...{ strideHeight: info.strideHeight, strideWidth: info.strideWidth },
      ...{ top: info.padInfo.top, left: info.padInfo.left },
    });
  },
);
