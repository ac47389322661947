import * as tf from '@tensorflow/tfjs-core';
import type { KernelName } from '../runtime';
import { broadcastStrides, collapse, padFront, sizeOf } from '../shapes';
import { GRAIN, rowGrain, type WasmKernel, withFallback } from './kernel';

/** Numbered as in assembly/elementwise.ts. */
const operations = ['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference'];
const flat: KernelName = 'binaryFlat';

/** z = x op y of float32 tensors, broadcast as NumPy does. */
export const binaryKernels: readonly WasmKernel[] = operations.map((kernelName, operation) =>
  withFallback(kernelName, ({ inputs, backend }) => {
    const a = inputs.a!;
    const b = inputs.b!;
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
    const same = a.shape.length === b.shape.length && a.shape.every((size, i) => size === b.shape[i]);
    const shape = same ? a.shape : tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const size = sizeOf(shape);
    const x = backend.pointer(a);
    const y = backend.pointer(b);
    if (same) {
      const z = backend.output(shape);
      backend.runJob(flat, size, [operation, x, 1, y, 1, backend.pointer(z)], GRAIN);
      return z;
    }
    const nest = collapse(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)]);
    if (nest.sizes.length > 5) return undefined;
    const z = backend.output(shape);
    const [xStrides, yStrides] = nest.strides as [number[], number[]];
    const xStep = xStrides.pop() ?? 0;
    const yStep = yStrides.pop() ?? 0;
    const n = nest.sizes.pop() ?? 1;
    if (nest.sizes.length === 0) {
      backend.runJob(flat, size, [operation, x, xStep, y, yStep, backend.pointer(z)], GRAIN);
    } else {
      const [, ...inner] = padFront(nest.sizes, 4, 1);
      const strides = [...padFront(xStrides, 4, 0), ...padFront(yStrides, 4, 0)];
      const args = [operation, x, y, backend.pointer(z), n, xStep, yStep, ...inner, ...strides];
      backend.runJob('binaryRows', sizeOf(nest.sizes), args, rowGrain(n));
    }
    return z;
  }),
);

/** The sum of several float32 tensors of one shape, added first to last. */
export const addN: WasmKernel = withFallback('AddN', ({ inputs, backend }) => {
  const terms = inputs as unknown as tf.TensorInfo[];
  if (terms.length > 256 || terms.some(({ dtype }) => dtype !== 'float32')) return undefined;
  const z = backend.output(terms[0]!.shape);
  const pointers = terms.map(term => backend.pointer(term));
  backend.runJob('addN', sizeOf(z.shape), [backend.pointer(z), terms.length, ...pointers], GRAIN);
  return z;
});
