import * as tf from '@tensorflow/tfjs-core';
import { type Handle, scalarType } from '../addon/interface';
import {
  cast,
  indices as counting,
  kernel,
  type NativeBackend,
  type NativeKernel,
  type Of,
  type T,
} from './kernel';

/** The k greatest of each row; of equal ones the first, as tfjs promises and ATen's `topk` does not. */
const topK = kernel<Of<'x'>, tf.TopKAttrs>('TopK', (b, { x }, { k }) => {
  const numbers = x.dtype === 'bool' ? cast(b, b.input(x), 'int32') : b.input(x);
  const [values, places] = b.ops('sort.stable', numbers, true, -1, true) as [number, number];
  const last = x.shape.length - 1;
  const shape = [...x.shape.slice(0, -1), k];
  const top = b.op('slice.Tensor', values, last, 0, k, 1);
  const at = cast(b, b.op('slice.Tensor', places, last, 0, k, 1), 'int32');
  // A copy, so that the rest of the row does not stay in memory.
  const typed = x.dtype === 'bool' ? cast(b, top, 'bool') : b.op('clone', top, 0);
  return [b.output(typed, shape, x.dtype), b.output(at, shape, 'int32')];
});

/** Numbers that are equal where tfjs takes those of `x` for the same: one NaN is like another, and −0 like 0. */
function keys(b: NativeBackend, x: T): Handle {
  if (x.dtype !== 'float32') return b.input(x);
  const y = b.op('add.Scalar', b.input(x), 0, 1);
  return b.op('view.dtype', b.op('masked_fill_.Scalar', y, b.op('isnan', y), Number.NaN), scalarType.int32);
}

/** The slices along an axis without repetition, in the order of their first places, and where each went. */
const unique = kernel<Of<'x'>, tf.UniqueAttrs>('Unique', (b, { x }, { axis }) => {
  const along = tf.util.parseAxisParam(axis, x.shape)[0]!;
  const n = x.shape[along]!;
  if (n === 0) return [b.share(x), b.makeTensorInfo([0], 'int32', new Int32Array(0))];
  const [sorted, which] = b.ops('unique_dim', keys(b, x), along, true, true, false) as [number, number];
  const count = b.addon.shape(sorted)[along]!;
  // Sorted by what they equal, in order among equals: the first place of each leads its group.
  const [groups, members] = b.ops('sort.stable', which, true, 0, false) as [number, number];
  const first = b.op('index_select', members, 0, b.op('searchsorted.Tensor', groups, counting(b, count)));
  const order = b.op('argsort', first, 0, false);
  const rank = b.op('argsort', order, 0, false);
  const values = b.op('index_select', b.input(x), along, b.op('index_select', first, 0, order));
  const places = cast(b, b.op('index_select', rank, 0, which), 'int32');
  const shape = x.shape.map((extent, i) => (i === along ? count : extent));
  return [b.output(values, shape, x.dtype), b.output(places, [n], 'int32')];
});

const searchSorted = kernel<Of<'sortedSequence' | 'values'>, tf.SearchSortedAttrs>(
  'SearchSorted',
  (b, { sortedSequence, values }, { side }) => {
    const places = b.op(
      'searchsorted.Tensor',
      b.input(sortedSequence),
      b.input(values),
      true,
      side === 'right',
    );
    return b.output(places, values.shape, 'int32');
  },
);

type Boxes = Of<'boxes' | 'scores'>;

/** What the three kernels give to tfjs's own code: which boxes stay is decided one after the other, on the host. */
function candidates(
  b: NativeBackend,
  { boxes, scores }: Boxes,
  { maxOutputSize, iouThreshold, scoreThreshold }: tf.NonMaxSuppressionV3Attrs,
) {
  const read = ({ dataId }: T) => b.readSync(dataId) as tf.TypedArray;
  return [read(boxes), read(scores), maxOutputSize, iouThreshold, scoreThreshold] as const;
}

function whole(b: NativeBackend, numbers: readonly number[], shape = [numbers.length]): T {
  return b.makeTensorInfo(shape, 'int32', Int32Array.from(numbers));
}

const nonMaxSuppression: readonly NativeKernel[] = [
  kernel<Boxes, tf.NonMaxSuppressionV3Attrs>('NonMaxSuppressionV3', (b, inputs, attrs) => {
    const { selectedIndices } = tf.kernel_impls.nonMaxSuppressionV3Impl(...candidates(b, inputs, attrs));
    return whole(b, selectedIndices);
  }),
  kernel<Boxes, tf.NonMaxSuppressionV4Attrs>('NonMaxSuppressionV4', (b, inputs, attrs) => {
    const { selectedIndices, validOutputs } = tf.kernel_impls.nonMaxSuppressionV4Impl(
      ...candidates(b, inputs, attrs),
      attrs.padToMaxOutputSize,
    );
    return [whole(b, selectedIndices), whole(b, [validOutputs!], [])];
  }),
  kernel<Boxes, tf.NonMaxSuppressionV5Attrs>('NonMaxSuppressionV5', (b, inputs, attrs) => {
    const { selectedIndices, selectedScores } = tf.kernel_impls.nonMaxSuppressionV5Impl(
      ...candidates(b, inputs, attrs),
      attrs.softNmsSigma,
    );
    const kept = Float32Array.from(selectedScores!);
    return [whole(b, selectedIndices), b.makeTensorInfo([kept.length], 'float32', kept)];
  }),
];

export const sortKernels: readonly NativeKernel[] = [topK, unique, searchSorted, ...nonMaxSuppression];
