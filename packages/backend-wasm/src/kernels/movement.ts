import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import { copyStrided } from '../copy-strided';
import { sizeOf, stridesOf } from '../shapes';
import { type KernelCall, rowGrain, type WasmKernel, withFallback } from './kernel';
import { fillTensor } from './unary';

/** Kernels that only move 4-byte numbers work on float32 and int32 alike. */
function fourBytes(...tensors: readonly tf.TensorInfo[]): boolean {
  const { dtype } = tensors[0]!;
  return (dtype === 'float32' || dtype === 'int32') && tensors.every(tensor => tensor.dtype === dtype);
}

function outputLike(backend: WasmBackend, shape: readonly number[], tensor: tf.TensorInfo): tf.TensorInfo {
  return backend.output(shape, tensor.dtype as 'float32' | 'int32');
}

export const transpose: WasmKernel = withFallback('Transpose', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  if (!fourBytes(x)) return undefined;
  const perm = attrs.perm as number[];
  const shape = perm.map(axis => x.shape[axis]!);
  const strides = stridesOf(x.shape);
  const y = outputLike(backend, shape, x);
  const source = perm.map(axis => strides[axis]!);
  copyStrided(backend.runtime, backend.pointer(x), backend.pointer(y), shape, source, stridesOf(shape));
  return y;
});

function sliceOf(
  backend: WasmBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): tf.TensorInfo {
  const y = outputLike(backend, size, x);
  const strides = stridesOf(x.shape);
  const offset = begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
  copyStrided(
    backend.runtime,
    backend.pointer(x) + offset * 4,
    backend.pointer(y),
    size,
    strides,
    stridesOf(size),
  );
  return y;
}

export const slice: WasmKernel = withFallback('Slice', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  if (!fourBytes(x)) return undefined;
  const wanted = attrs as unknown as { begin: number | number[]; size: number | number[] };
  const parsed = tf.slice_util.parseSliceParams(x as tf.Tensor, wanted.begin, wanted.size);
  const [begin, size] = parsed as [number[], number[]];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  return sliceOf(backend, x, begin, size);
});

/** Several outputs, hence no use of `withFallback`; a dtype of other width is cut by this backend's `Slice`. */
export const splitV: WasmKernel = {
  kernelName: 'SplitV',
  kernelFunc: ({ inputs, attrs, backend }: KernelCall) => {
    const x = inputs.x!;
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!;
    const parts = tf.backend_util.prepareSplitSize(
      x as tf.Tensor,
      attrs.numOrSizeSplits as number | number[],
      axis,
    );
    const begin = x.shape.map(() => 0);
    return parts.map(part => {
      const size = x.shape.map((extent, i) => (i === axis ? part : extent));
      const y = slice.kernelFunc({
        inputs: { x },
        attrs: { begin: [...begin], size },
        backend,
      }) as tf.TensorInfo;
      begin[axis]! += part;
      return y;
    });
  },
};

export const unpack: WasmKernel = {
  kernelName: 'Unpack',
  kernelFunc: ({ inputs, attrs, backend }: KernelCall) => {
    const x = inputs.value!;
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!;
    const shape = x.shape.filter((_, i) => i !== axis);
    const size = x.shape.map((extent, i) => (i === axis ? 1 : extent));
    return Array.from({ length: x.shape[axis]! }, (_, index) => {
      const begin = x.shape.map((_, i) => (i === axis ? index : 0));
      const y = slice.kernelFunc({ inputs: { x }, attrs: { begin, size }, backend }) as tf.TensorInfo;
      return { ...y, shape };
    });
  },
};

/** Joins tensors along `axis`: each is a block of columns of the matrix [outer, inner]. */
function join(
  backend: WasmBackend,
  parts: readonly tf.TensorInfo[],
  outer: number,
  shape: number[],
): tf.TensorInfo {
  const y = outputLike(backend, shape, parts[0]!);
  const width = outer === 0 ? 0 : sizeOf(shape) / outer;
  let to = backend.pointer(y);
  for (const part of parts) {
    const inner = outer === 0 ? 0 : sizeOf(part.shape) / outer;
    copyStrided(backend.runtime, backend.pointer(part), to, [outer, inner], [inner, 1], [width, 1]);
    to += inner * 4;
  }
  return y;
}

export const concat: WasmKernel = withFallback('Concat', ({ inputs, attrs, backend }) => {
  const parts = inputs as unknown as tf.TensorInfo[];
  if (!fourBytes(...parts)) return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis as number, parts[0]!.shape)[0]!;
  const shapes = parts.map(({ shape }) => shape);
  tf.backend_util.assertParamsConsistent(shapes, axis);
  const shape = tf.backend_util.computeOutShape(shapes, axis);
  return join(backend, parts, sizeOf(shape.slice(0, axis)), shape);
});

export const pack: WasmKernel = withFallback('Pack', ({ inputs, attrs, backend }) => {
  const parts = inputs as unknown as tf.TensorInfo[];
  if (!fourBytes(...parts)) return undefined;
  const part = parts[0]!.shape;
  for (const { shape } of parts) {
    tf.util.assertShapesMatch(part, shape, 'All tensors passed to stack must have matching shapes');
  }
  const axis = attrs.axis as number;
  const at = axis < 0 ? axis + part.length + 1 : axis;
  const shape = [...part.slice(0, at), parts.length, ...part.slice(at)];
  return join(backend, parts, sizeOf(part.slice(0, at)), shape);
});

export const pad: WasmKernel = withFallback('PadV2', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  if (!fourBytes(x)) return undefined;
  const { paddings, constantValue } = attrs as { paddings: [number, number][]; constantValue: number };
  const shape = paddings.map(([before, after], axis) => before + x.shape[axis]! + after);
  const y = outputLike(backend, shape, x);
  const strides = stridesOf(shape);
  const offset = paddings.reduce((sum, [before], axis) => sum + before * strides[axis]!, 0);
  fillTensor(backend, y, constantValue);
  const to = backend.pointer(y) + offset * 4;
  copyStrided(backend.runtime, backend.pointer(x), to, x.shape, stridesOf(x.shape), strides);
  return y;
});

export const tile: WasmKernel = withFallback('Tile', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  if (!fourBytes(x)) return undefined;
  const reps = attrs.reps as number[];
  const shape = x.shape.map((size, axis) => size * reps[axis]!);
  const y = outputLike(backend, shape, x);
  const strides = stridesOf(x.shape);
  // Each axis is one of repetitions, which does not move the source, and one of elements.
  const axes = x.shape.flatMap((size, axis) => [reps[axis]!, size]);
  const source = strides.flatMap(stride => [0, stride]);
  copyStrided(backend.runtime, backend.pointer(x), backend.pointer(y), axes, source, stridesOf(axes));
  return y;
});

/** Rows by index, which must lie inside: an index out of range is an error. */
export const gather: WasmKernel = withFallback('GatherV2', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  const indices = inputs.indices!;
  if (!fourBytes(x) || indices.dtype !== 'int32' || (attrs.batchDims as number | undefined)) return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!;
  const rows = x.shape[axis]!;
  const count = sizeOf(indices.shape);
  for (const index of backend.runtime.ints(backend.pointer(indices), count)) {
    if (index < 0 || index >= rows) {
      throw new Error(`GatherV2: the index value ${index} is not in [0, ${rows - 1}]`);
    }
  }
  const outer = sizeOf(x.shape.slice(0, axis));
  const inner = sizeOf(x.shape.slice(axis + 1));
  const y = outputLike(backend, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], x);
  const args = [backend.pointer(x), backend.pointer(y), backend.pointer(indices), inner * 4, count, rows];
  backend.runJob('gatherRows', outer * count, args, rowGrain(inner + 4));
  return y;
});

/** y[segment] = Σ x[i] over ids[i] = segment; ids out of range are dropped. The gradient of `gather`. */
export const segmentSum: WasmKernel = withFallback('UnsortedSegmentSum', ({ inputs, attrs, backend }) => {
  const x = inputs.x!;
  const ids = inputs.segmentIds!;
  if (x.dtype !== 'float32' || ids.dtype !== 'int32' || ids.shape.length !== 1) return undefined;
  const segments = attrs.numSegments as number;
  const [rows = 0, ...rest] = x.shape;
  const cols = sizeOf(rest);
  const y = backend.output([segments, ...rest]);
  fillTensor(backend, y, 0);
  const args = [backend.pointer(x), backend.pointer(ids), backend.pointer(y), rows, cols, segments];
  backend.runJob('segmentSum', Math.ceil(cols / 16), args, rowGrain(rows * 16));
  return y;
});
