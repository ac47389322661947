import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { axisOf, kernel, type NativeBackend, type NativeKernel, type Of, sizeOf, type T } from './kernel';

/** Another shape on the same numbers; a copy only where strides do not allow a view. */
function reshaped(b: NativeBackend, x: T, shape: readonly number[]): T {
  const data = b.data.get(x.dataId);
  if (data.strings !== undefined) return { ...b.share(x), shape: shape as number[] };
  if (data.scalar !== undefined) {
    return {
      dataId: b.write([data.scalar] as never, shape as number[], x.dtype),
      shape: shape as number[],
      dtype: x.dtype,
    };
  }
  return b.output(b.op('reshape', b.stored(x), shape), shape, x.dtype);
}

const identity = kernel<Of<'x'>>('Identity', (b, { x }) => b.share(x));

const reshape = kernel<Of<'x'>, tf.ReshapeAttrs>('Reshape', (b, { x }, attrs) => {
  const size = sizeOf(x.shape);
  const shape = tf.util.inferFromImplicitShape(attrs.shape, size);
  tf.util.assert(
    size === sizeOf(shape),
    () =>
      `The new shape (${shape}) has ${sizeOf(shape)} elements and the old shape (${x.shape}) has ${size} elements. ` +
      'The new shape and old shape must have the same number of elements.',
  );
  return reshaped(b, x, shape);
});

const expandDims = kernel<Of<'input'>, tf.ExpandDimsAttrs>('ExpandDims', (b, { input }, { dim }) => {
  const shape = [...input.shape];
  const rank = shape.length;
  tf.util.assert(
    dim >= -(rank + 1) && dim <= rank,
    () => `Axis must be in the interval [${-(rank + 1)}, ${rank}]`,
  );
  shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
  return reshaped(b, input, shape);
});

const transpose = kernel<Of<'x'>, tf.TransposeAttrs>('Transpose', (b, { x }, { perm }) =>
  b.output(
    b.op('permute', b.stored(x), perm),
    perm.map(axis => x.shape[axis]!),
    x.dtype,
  ),
);

/** A part of a tensor: a view. */
export function sliced(
  b: NativeBackend,
  x: Handle,
  shape: readonly number[],
  begin: readonly number[],
  size: readonly number[],
): Handle {
  let y = x;
  for (let axis = 0; axis < size.length; axis++) {
    if (size[axis] === shape[axis]) continue;
    y = b.op('slice.Tensor', y, axis, begin[axis]!, begin[axis]! + size[axis]!, 1);
  }
  return y;
}

const slice = kernel<Of<'x'>, tf.SliceAttrs>('Slice', (b, { x }, attrs) => {
  const parsed = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size);
  const [begin, size] = parsed as [number[], number[]];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  return b.output(sliced(b, b.stored(x), x.shape, begin, size), size, x.dtype);
});

const stridedSlice = kernel<Of<'x'>, tf.StridedSliceAttrs>('StridedSlice', (b, { x }, attrs) => {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const plan = tf.slice_util.sliceInfo(
    ...([x.shape, begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask] as const),
    shrinkAxisMask,
  );
  if (plan.isIdentity) return reshaped(b, x, plan.finalShape);
  const simple = plan.sliceDim0 || plan.isSimpleSlice;
  const sizes = simple
    ? tf.slice_util.computeOutShape(plan.begin, plan.end, plan.strides)
    : plan.finalShapeSparse;
  let y = b.stored(x);
  for (let axis = 0; axis < x.shape.length; axis++) {
    const [first, stride, count] = [plan.begin[axis]!, simple ? 1 : plan.strides[axis]!, sizes[axis]!];
    if (count === 0) y = b.op('slice.Tensor', y, axis, 0, 0, 1);
    else if (stride > 0) y = b.op('slice.Tensor', y, axis, first, first + (count - 1) * stride + 1, stride);
    else {
      // ATen has no negative steps: the same places upwards, then turned round.
      y = b.op('slice.Tensor', y, axis, first + (count - 1) * stride, first + 1, -stride);
      y = b.op('flip', y, [axis]);
    }
  }
  return b.output(b.op('reshape', y, plan.finalShape), plan.finalShape, x.dtype);
});

const reverse = kernel<Of<'x'>, tf.ReverseAttrs>('Reverse', (b, { x }, { dims }) => {
  if (x.shape.length === 0) return b.share(x);
  return b.output(b.op('flip', b.stored(x), tf.util.parseAxisParam(dims, x.shape)), x.shape, x.dtype);
});

const flipLeftRight = kernel<Of<'image'>>('FlipLeftRight', (b, { image }) =>
  b.output(b.op('flip', b.stored(image), [2]), image.shape, image.dtype),
);

const splitV = kernel<Of<'x'>, tf.SplitVAttrs>('SplitV', (b, { x }, { numOrSizeSplits, axis }) => {
  const along = axisOf(axis, x.shape.length);
  const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along);
  const handle = b.stored(x);
  let at = 0;
  const parts = sizes.map(size => b.op('slice.Tensor', handle, along, at, (at += size), 1));
  return parts.map((part, i) =>
    b.output(
      part,
      x.shape.map((extent, a) => (a === along ? sizes[i]! : extent)),
      x.dtype,
    ),
  );
});

const unpack = kernel<Of<'value'>, tf.UnpackAttrs>('Unpack', (b, { value }, { axis }) => {
  const along = axisOf(axis, value.shape.length);
  const shape = value.shape.filter((_, i) => i !== along);
  const handle = b.stored(value);
  const parts = Array.from({ length: value.shape[along]! }, (_, i) => b.op('select.int', handle, along, i));
  return parts.map(part => b.output(part, shape, value.dtype));
});

export const viewKernels: readonly NativeKernel[] = [
  identity,
  reshape,
  expandDims,
  transpose,
  slice,
  stridedSlice,
  reverse,
  flipLeftRight,
  splitV,
  unpack,
];
