import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import { copyStrided } from '../copy-strided';
import { sizeOf, stridesOf } from '../shapes';
import { rowGrain, type WasmKernel, withFallback } from './kernel';

/** Numbered as in assembly/reduce.ts. */
const SUM = 0;
const MAX = 1;
const MIN = 2;

/** A single long row is reduced in pieces of this length, so that the threads share it. */
const PIECE = 4096;

/** The array [outer, middle, inner] at `x` to [outer, inner] at `y`. */
interface Reduction {
  readonly operation: number;
  readonly x: number;
  readonly y: number;
  readonly outer: number;
  readonly middle: number;
  readonly inner: number;
  readonly scale: number;
}

function reduce(backend: WasmBackend, reduction: Reduction): void {
  const { operation, x, y, outer, middle, inner, scale } = reduction;
  const f32 = { f32: scale };
  if (inner === 1) {
    if (outer === 1 && middle >= 2 * PIECE) {
      const pieces = Math.ceil(middle / PIECE);
      backend.runtime.withScratch(pieces * 4, partial => {
        backend.runJob('reduceRows', pieces, [operation, x, partial, PIECE, { f32: 1 }, middle], 4);
        reduce(backend, { ...reduction, x: partial, middle: pieces });
      });
      return;
    }
    backend.runJob('reduceRows', outer, [operation, x, y, middle, f32, outer * middle], rowGrain(middle));
    return;
  }
  const blocks = outer * Math.ceil(inner / 16);
  if (blocks < 8 && middle >= 512) {
    // Few columns, many rows: partial results of slices of the rows.
    const perSlice = Math.max(64, Math.ceil(middle / 16));
    const slices = Math.ceil(middle / perSlice);
    backend.runtime.withScratch(outer * slices * inner * 4, partial => {
      const args = [operation, x, partial, middle, inner, { f32: 1 }, perSlice];
      backend.runJob('reduceColumns', blocks * slices, args, rowGrain(perSlice * 16));
      reduce(backend, { ...reduction, x: partial, middle: slices });
    });
    return;
  }
  backend.runJob(
    'reduceColumns',
    blocks,
    [operation, x, y, middle, inner, f32, middle],
    rowGrain(middle * 16),
  );
}

/** Reduces any axes: neighbouring ones as they lie, axes apart from one another after a transposition. */
function reduction(kernelName: string, operation: number, axisAttr: string, mean = false): WasmKernel {
  return withFallback(kernelName, ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const size = sizeOf(x.shape);
    if (x.dtype !== 'float32' || size === 0) return undefined;
    const axes = tf.util.parseAxisParam(attrs[axisAttr] as number | number[], x.shape);
    const reduced = x.shape.map((extent, axis) => extent > 1 && axes.includes(axis));
    const kept = x.shape.filter((_, axis) => !axes.includes(axis));
    const shape = attrs.keepDims ? x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) : kept;
    const middle = size / sizeOf(kept);
    const scale = mean ? 1 / middle : 1;
    const first = reduced.indexOf(true);
    const last = reduced.lastIndexOf(true);
    const y = backend.output(shape);
    const common = { operation, y: backend.pointer(y), middle, scale };
    const together = x.shape.every(
      (extent, axis) => axis < first || axis > last || reduced[axis] || extent === 1,
    );
    if (first < 0 || together) {
      const outer = first < 0 ? size : sizeOf(x.shape.slice(0, first));
      reduce(backend, { ...common, x: backend.pointer(x), outer, inner: size / outer / middle });
      return y;
    }
    const order = [...x.shape.keys()].sort((a, b) => Number(reduced[a]) - Number(reduced[b]));
    const permuted = order.map(axis => x.shape[axis]!);
    const strides = stridesOf(x.shape);
    const source = order.map(axis => strides[axis]!);
    backend.runtime.withScratch(size * 4, moved => {
      copyStrided(backend.runtime, backend.pointer(x), moved, permuted, source, stridesOf(permuted));
      reduce(backend, { ...common, x: moved, outer: size / middle, inner: 1 });
    });
    return y;
  });
}

export const reductionKernels: readonly WasmKernel[] = [
  reduction('Sum', SUM, 'axis'),
  reduction('Mean', SUM, 'axis', true),
  reduction('Max', MAX, 'reductionIndices'),
  reduction('Min', MIN, 'axis'),
];

/** Softmax over the last axis. */
export const softmax: WasmKernel = withFallback('Softmax', ({ inputs, attrs, backend }) => {
  const x = inputs.logits!;
  const rank = x.shape.length;
  const dim = attrs.dim as number;
  const n = x.shape[rank - 1];
  if (x.dtype !== 'float32' || !n || (dim !== -1 && dim !== rank - 1)) return undefined;
  const y = backend.output(x.shape);
  backend.runJob(
    'softmaxRows',
    sizeOf(x.shape) / n,
    [backend.pointer(x), backend.pointer(y), n],
    rowGrain(n, 10),
  );
  return y;
});
