import * as tf from '@tensorflow/tfjs-core';
import { kernel, type NativeKernel, type Of, sizeOf, type T } from './kernel';
import { sliced } from './view';

const concat = kernel<T[], tf.ConcatAttrs>('Concat', (b, parts, { axis }) => {
  const along = tf.util.parseAxisParam(axis, parts[0]!.shape)[0]!;
  const shapes = parts.map(({ shape }) => shape);
  tf.backend_util.assertParamsConsistent(shapes, along);
  if (parts.length === 1) return b.share(parts[0]!);
  const shape = tf.backend_util.computeOutShape(shapes, along);
  const handles = parts.map(part => b.stored(part));
  return b.output(b.op('cat', handles, along), shape, parts[0]!.dtype);
});

const pack = kernel<T[], tf.PackAttrs>('Pack', (b, parts, { axis }) => {
  const { shape, dtype } = parts[0]!;
  for (const part of parts) {
    tf.util.assertShapesMatch(shape, part.shape, 'All tensors passed to stack must have matching shapes');
    tf.util.assert(dtype === part.dtype, () => 'All tensors passed to stack must have matching dtypes');
  }
  const along = axis < 0 ? axis + shape.length + 1 : axis;
  const handles = parts.map(part => b.stored(part));
  const packed = [...shape.slice(0, along), parts.length, ...shape.slice(along)];
  return b.output(b.op('stack', handles, along), packed, dtype);
});

const tile = kernel<Of<'x'>, tf.TileAttrs>('Tile', (b, { x }, { reps }) =>
  b.output(
    b.op('repeat', b.stored(x), reps),
    x.shape.map((extent, i) => extent * reps[i]!),
    x.dtype,
  ),
);

const broadcastTo = kernel<Of<'x'>, tf.BroadCastToAttrs>('BroadcastTo', (b, { x }, { shape }) =>
  b.output(b.op('expand', b.stored(x), shape), shape, x.dtype),
);

/** ATen lists what to add from the last axis to the first. */
const lastToFirst = (paddings: readonly (readonly [number, number])[]): number[] =>
  [...paddings].reverse().flat();

const padded = (x: T, paddings: readonly (readonly [number, number])[]): number[] =>
  paddings.map(([before, after], axis) => before + x.shape[axis]! + after);

const pad = kernel<Of<'x'>, tf.PadV2Attrs>('PadV2', (b, { x }, { paddings, constantValue }) => {
  const y = b.op('constant_pad_nd', b.stored(x), lastToFirst(paddings), constantValue);
  return b.output(y, padded(x, paddings), x.dtype);
});

/** Borders that mirror the tensor: without its edge (`reflect`) or with it (`symmetric`). */
const mirrorPad = kernel<Of<'x'>, tf.MirrorPadAttrs>('MirrorPad', (b, { x }, { paddings, mode }) => {
  const edge = mode === 'reflect' ? 1 : 0;
  let y = b.stored(x);
  paddings.forEach(([before, after], axis) => {
    if (before === 0 && after === 0) return;
    const n = x.shape[axis]!;
    const part = (from: number, to: number) =>
      b.op('flip', b.op('slice.Tensor', y, axis, from, to, 1), [axis]);
    y = b.op('cat', [part(edge, edge + before), y, part(n - edge - after, n - edge)], axis);
  });
  return b.output(y, padded(x, paddings), x.dtype);
});

/** Blocks of channels become blocks of pixels. */
const depthToSpace = kernel<Of<'x'>, tf.DepthToSpaceAttrs>('DepthToSpace', (b, { x }, attrs) => {
  const { blockSize: block, dataFormat } = attrs;
  tf.util.assert(
    dataFormat === 'NHWC',
    () => `Only NHWC dataFormat supported on native for depthToSpace. Got ${dataFormat}`,
  );
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const depth = channels / (block * block);
  const blocks = b.op('reshape', b.stored(x), [batch, height, width, block, block, depth]);
  const shape = [batch, height * block, width * block, depth];
  return b.output(b.op('reshape', b.op('permute', blocks, [0, 1, 3, 2, 4, 5]), shape), shape, x.dtype);
});

const batchToSpace = kernel<Of<'x'>, tf.BatchToSpaceNDAttrs>('BatchToSpaceND', (b, { x }, attrs) => {
  const { blockShape, crops } = attrs;
  const { getReshaped, getPermuted, getReshapedPermuted, getSliceBeginCoords, getSliceSize } =
    tf.backend_util;
  const block = sizeOf(blockShape);
  const split = getReshaped(x.shape, blockShape, block);
  const joined = getReshapedPermuted(x.shape, blockShape, block);
  const moved = b.op(
    'permute',
    b.op('reshape', b.stored(x), split),
    getPermuted(split.length, blockShape.length),
  );
  const cut = getSliceSize(joined, crops, blockShape.length);
  const size = [...cut, ...joined.slice(cut.length)];
  const begin = getSliceBeginCoords(crops, blockShape.length);
  return b.output(sliced(b, b.op('reshape', moved, joined), joined, begin, size), size, x.dtype);
});

const spaceToBatch = kernel<Of<'x'>, tf.SpaceToBatchNDAttrs>('SpaceToBatchND', (b, { x }, attrs) => {
  const { blockShape } = attrs;
  const { getReshaped, getPermuted, getReshapedPermuted } = tf.backend_util;
  const paddings = [[0, 0], ...attrs.paddings] as [number, number][];
  while (paddings.length < x.shape.length) paddings.push([0, 0]);
  const block = sizeOf(blockShape);
  const shape = padded(x, paddings);
  const split = getReshaped(shape, blockShape, block, false);
  const joined = getReshapedPermuted(shape, blockShape, block, false);
  const larger = b.op('constant_pad_nd', b.stored(x), lastToFirst(paddings), 0);
  const order = getPermuted(split.length, blockShape.length, false);
  const moved = b.op('permute', b.op('reshape', larger, split), order);
  return b.output(b.op('reshape', moved, joined), joined, x.dtype);
});

/** Shapes are small: worked out on the host. */
const broadcastArgs = kernel<Of<'s0' | 's1'>>('BroadcastArgs', (b, { s0, s1 }) => {
  const [one, other] = [b.readSync(s0.dataId), b.readSync(s1.dataId)] as [Int32Array, Int32Array];
  const shape = tf.backend_util.assertAndGetBroadcastShape([...one], [...other]);
  return b.makeTensorInfo([shape.length], 'int32', Int32Array.from(shape));
});

export const joinKernels: readonly NativeKernel[] = [
  concat,
  pack,
  tile,
  broadcastTo,
  pad,
  mirrorPad,
  depthToSpace,
  batchToSpace,
  spaceToBatch,
  broadcastArgs,
];
