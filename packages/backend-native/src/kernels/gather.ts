import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import type { NumericType } from '../tensor-data';
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
  toLong,
} from './kernel';

/**
 * Rows of a matrix by index. An index out of range is an error on the CPU. CUDA would have to wait to find out,
 * and an assertion inside a CUDA kernel ends the process: there such a row is 0.
 */
function rowsAt(
  b: NativeBackend,
  rows: Handle,
  axis: number,
  index: Handle,
  count: number,
  rank: number,
): Handle {
  if (b.device < 0) return b.op('index_select', rows, axis, index);
  const inside = b.op('clamp', index, 0, Math.max(0, count - 1));
  const y = b.op('index_select', rows, axis, inside);
  const shape = new Array<number>(rank).fill(1);
  shape[axis] = -1;
  return b.op('masked_fill_.Scalar', y, b.op('view', b.op('ne.Tensor', inside, index), shape), 0);
}

/** The error of a row that is not there names the index. */
function rowsOf(
  b: NativeBackend,
  ...[rows, axis, index, count, rank]: [Handle, number, Handle, number, number]
): Handle {
  try {
    return rowsAt(b, rows, axis, index, count, rank);
  } catch (error) {
    // Looked for only now: a gather that works is not to wait for a reading.
    const ids = new Int32Array(b.addon.readSync(index));
    const outside = ids.find(id => id < 0 || id >= count);
    if (outside === undefined) throw error;
    const message = `GatherV2: the index value ${outside} is not in [0, ${count - 1}]`;
    throw new BackendError('BACKEND_FAILED', message, { cause: error });
  }
}

const gather = kernel<Of<'x' | 'indices'>, tf.GatherV2Attrs>('GatherV2', (b, { x, indices }, attrs) => {
  const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const batchDims = attrs.batchDims ?? 0;
  const plan = tf.backend_util.segment_util.collectGatherOpShapeInfo(
    ...([x as tf.Tensor, indices as tf.Tensor, axis, batchDims] as const),
  );
  const ids = indices.dtype === 'int32' ? b.input(indices) : cast(b, b.input(indices), 'int32');
  const rank = x.shape.length;
  if (batchDims === 0) {
    const flat = indices.shape.length === 1 ? ids : b.op('reshape', ids, [sizeOf(indices.shape)]);
    const rows = rowsOf(b, b.input(x), axis, flat, x.shape[axis]!, rank);
    const shaped = indices.shape.length === 1 ? rows : b.op('reshape', rows, plan.outputShape);
    return b.output(shaped, plan.outputShape, x.dtype);
  }
  const { batchSize, outerSize, dimSize, sliceSize } = plan;
  const each = sizeOf(indices.shape) / batchSize;
  // The rows of all batches in one list: batch · dimSize + index.
  const batch = b.op('mul.Scalar', counting(b, batchSize), dimSize);
  const place = b.op(
    'add.Tensor',
    b.op('reshape', toLong(b, ids), [batchSize, each]),
    b.op('view', batch, [batchSize, 1]),
  );
  const rows = b.op('reshape', b.input(x), [batchSize, outerSize, dimSize, sliceSize]);
  const list = b.op('reshape', b.op('transpose.int', rows, 1, 2), [
    batchSize * dimSize,
    outerSize * sliceSize,
  ]);
  const chosen = rowsAt(b, list, 0, b.op('reshape', place, [batchSize * each]), batchSize * dimSize, 2);
  const split = b.op('view', chosen, [batchSize, each, outerSize, sliceSize]);
  return b.output(
    b.op('reshape', b.op('transpose.int', split, 1, 2), plan.outputShape),
    plan.outputShape,
    x.dtype,
  );
});

/** Indices of several axes as one: Σ index · stride, in int64. */
function flatIndex(
  b: NativeBackend,
  indices: T,
  count: number,
  rank: number,
  strides: readonly number[],
): Handle {
  const table = b.op('reshape', toLong(b, b.input(indices)), [count, rank]);
  const steps = b.constant(Int32Array.from(strides.slice(0, rank)), [rank], 'int32');
  return b.op('sum.dim_IntList', b.op('mul.Tensor', table, steps), [1], false);
}

const gatherNd = kernel<Of<'params' | 'indices'>>('GatherNd', (b, { params, indices }) => {
  const [shape, count, size, strides] = tf.backend_util.prepareAndValidate(
    ...([params as tf.Tensor, indices as tf.Tensor] as const),
  );
  if (count === 0) return b.output(filled(b, shape, 0, params.dtype as NumericType), shape, params.dtype);
  const rank = indices.shape[indices.shape.length - 1]!;
  const rows = sizeOf(params.shape) / size;
  const list = b.op('reshape', b.input(params), [rows, size]);
  const chosen = rowsAt(b, list, 0, flatIndex(b, indices, count, rank, strides), rows, 2);
  return b.output(b.op('view', chosen, shape), shape, params.dtype);
});

interface Scatter {
  readonly sliceRank: number;
  readonly numUpdates: number;
  readonly sliceSize: number;
  readonly strides: number[];
  readonly outputSize: number;
}

/**
 * Rows to their places in `target [rows, size]`, which is changed: added up, or the last one stays. Out of range is an error on
 * the CPU, and dropped on CUDA (see `rowsAt`).
 */
function scatter(
  b: NativeBackend,
  target: Handle,
  plan: Scatter,
  indices: T,
  updates: T,
  add: boolean,
): Handle {
  const { sliceRank, numUpdates, sliceSize, strides, outputSize } = plan;
  const rows = outputSize / sliceSize;
  let place = flatIndex(b, indices, numUpdates, sliceRank, strides);
  let source = b.input(updates);
  source =
    updates.shape.length === 0
      ? b.op('expand', source, [numUpdates, sliceSize])
      : b.op('reshape', source, [numUpdates, sliceSize]);
  if (b.device >= 0) {
    // A row more takes what belongs nowhere.
    const outside = b.op('logical_or', b.op('lt.Scalar', place, 0), b.op('ge.Scalar', place, rows));
    place = b.op('masked_fill.Scalar', place, outside, rows);
    const wider = b.op('constant_pad_nd', target, [0, 0, 0, 1], 0);
    return b.op('slice.Tensor', put(b, wider, place, source, add), 0, 0, rows, 1);
  }
  return put(b, target, place, source, add);
}

/** Rows to their places in `target`, which is changed. */
export function put(b: NativeBackend, target: Handle, place: Handle, source: Handle, add: boolean): Handle {
  // On CUDA `index_put_` sums in a fixed order, `index_add_` does not.
  if (add && b.device >= 0) b.op('index_put_', target, [place], source, true);
  else if (add) b.op('index_add_', target, 0, place, source);
  else b.op('index_copy_', target, 0, place, source);
  return target;
}

const scatterNd = kernel<Of<'indices' | 'updates'>, tf.ScatterNdAttrs>(
  'ScatterNd',
  (b, { indices, updates }, attrs) => {
    const { shape } = attrs;
    const plan = tf.backend_util.calculateShapes(updates, indices, shape);
    const dtype = updates.dtype as NumericType;
    if (plan.outputSize === 0) return b.output(filled(b, shape, 0, dtype), shape, dtype);
    const target = filled(b, [plan.outputSize / plan.sliceSize, plan.sliceSize], 0, dtype);
    return b.output(b.op('view', scatter(b, target, plan, indices, updates, true), shape), shape, dtype);
  },
);

const tensorScatterUpdate = kernel<Of<'tensor' | 'indices' | 'updates'>>(
  'TensorScatterUpdate',
  (b, { tensor, indices, updates }) => {
    const { shape, dtype } = tensor;
    const plan = tf.backend_util.calculateShapes(updates, indices, shape);
    if (plan.outputSize === 0) return b.share(tensor);
    const rows = b.op('reshape', b.input(tensor), [plan.outputSize / plan.sliceSize, plan.sliceSize]);
    const target = b.op('clone', rows, 0);
    return b.output(b.op('view', scatter(b, target, plan, indices, updates, false), shape), shape, dtype);
  },
);

const sparseToDense = kernel<Of<'sparseIndices' | 'sparseValues' | 'defaultValue'>, tf.SparseToDenseAttrs>(
  'SparseToDense',
  (b, { sparseIndices, sparseValues, defaultValue }, { outputShape: shape }) => {
    const plan = tf.backend_util.calculateShapes(sparseValues, sparseIndices, shape);
    const rest = b.op('reshape', b.input(defaultValue), [1, 1]);
    const rows = b.op('expand', rest, [plan.outputSize / plan.sliceSize, plan.sliceSize]);
    const target = b.op('clone', rows, 0);
    const placed = scatter(b, target, plan, sparseIndices, sparseValues, false);
    return b.output(b.op('view', placed, shape), shape, sparseValues.dtype);
  },
);

/**
 * y[segment] = Σ x[i] over ids[i] = segment; ids out of range are dropped. The gradient of `gather`.
 */
const segmentSum = kernel<Of<'x' | 'segmentIds'>, tf.UnsortedSegmentSumAttrs>(
  'UnsortedSegmentSum',
  (b, { x, segmentIds }, { numSegments }) => {
    const count = sizeOf(segmentIds.shape);
    const rest = x.shape.slice(segmentIds.shape.length);
    const shape = [numSegments, ...rest];
    const columns = sizeOf(rest);
    const ids = b.op('reshape', b.input(segmentIds), [count]);
    const rows = b.op('reshape', b.input(x), [count, columns]);
    // The CPU's gradient of an embedding adds each row where its id falls, in parallel by segments, and skips other ids.
    if (b.device < 0 && x.dtype === 'float32' && count > 0 && columns > 0 && numSegments > 0) {
      const sums = b.op('embedding_dense_backward', rows, ids, numSegments, -1, false);
      return b.output(b.op('view', sums, shape), shape, x.dtype);
    }
    const outside = b.op('logical_or', b.op('lt.Scalar', ids, 0), b.op('ge.Scalar', ids, numSegments));
    const place = toLong(b, b.op('masked_fill.Scalar', ids, outside, numSegments));
    const target = filled(b, [numSegments + 1, columns], 0, x.dtype as NumericType);
    const sums = b.op('slice.Tensor', put(b, target, place, rows, true), 0, 0, numSegments, 1);
    return b.output(b.op('view', sums, shape), shape, x.dtype);
  },
);

export const gatherKernels: readonly NativeKernel[] = [
  gather,
  gatherNd,
  scatterNd,
  tensorScatterUpdate,
  sparseToDense,
  segmentSum,
];
