import * as tf from '@tensorflow/tfjs-core';
import type { FusedKernel } from '../fused';
import { fusedKernel, type ScalePixelsAttrs } from '../kernels';

/**
 * The bytes are taken apart on the host, as tfjs has no operations on bits. That costs a GPU nothing where they were uploaded just now,
 * and are still on the host; one that fills tensors again for recorded steps brings a kernel of its own.
 */
export const scalePixelsKernel: FusedKernel = {
  name: fusedKernel.scalePixels,
  reference({ packed }: { packed: tf.Tensor2D }, { side, center, high, low }: ScalePixelsAttrs) {
    const [rows, width] = packed.shape;
    const words = packed.dataSync();
    const perRow = side * side * 3;
    const y = new Float32Array(rows * perRow);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < perRow; i++) {
        const byte = (words[row * width + (i >> 2)]! >> (8 * (i & 3))) & 0xff;
        const c = i % 3;
        const x = Math.fround(byte - center[c]!);
        y[row * perRow + i] = x * high[c]! + x * low[c]!;
      }
    }
    return [tf.tensor4d(y, [rows, side, side, 3])];
  },
};
