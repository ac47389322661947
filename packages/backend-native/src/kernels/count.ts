import * as tf from '@tensorflow/tfjs-core';
import type { NumericType } from '../tensor-data';
import { put } from './gather';
import {
  cast,
  indices as counting,
  filled,
  kernel,
  type NativeKernel,
  type Of,
  sizeOf,
  toLong,
} from './kernel';

/** How often each number from 0 to size − 1 comes, or the sum of its weights; greater ones are dropped. `DenseBincount` counts each row of a matrix. */
function bincount(kernelName: string): NativeKernel {
  return kernel<Of<'x' | 'weights'>, tf.DenseBincountAttrs>(kernelName, (b, { x, weights }, attrs) => {
    const { size, binaryOutput = false } = attrs;
    const byRow = kernelName === 'DenseBincount' && x.shape.length > 1;
    tf.util.assert(
      !byRow || x.shape.length === 2,
      () => `Error in denseBincount: input must be at most rank 2, but got rank ${x.shape.length}.`,
    );
    const dtype = weights.dtype as NumericType;
    const count = sizeOf(x.shape);
    const rows = byRow ? x.shape[0]! : 1;
    const columns = rows === 0 ? 0 : count / rows;
    let place = b.op('clamp', toLong(b, b.input(x)), undefined, size);
    if (count > 0) {
      const [least] = new BigInt64Array(b.addon.readSync(b.op('min', place)));
      if (least! < 0n) throw new Error('Input x must be non-negative!');
    }
    const offset = b.op('mul.Scalar', counting(b, rows), size + 1);
    place = b.op('add.Tensor', b.op('reshape', place, [rows, columns]), b.op('view', offset, [rows, 1]));
    const amounts =
      sizeOf(weights.shape) > 0 && !binaryOutput
        ? b.op('reshape', b.input(weights), [count])
        : filled(b, [count], 1, dtype);
    const target = filled(b, [rows * (size + 1)], 0, dtype);
    let sums = put(b, target, b.op('reshape', place, [count]), amounts, true);
    if (binaryOutput) sums = b.op('clamp_max', sums, 1);
    const kept = b.op('slice.Tensor', b.op('view', sums, [rows, size + 1]), 1, 0, size, 1);
    const shape = byRow ? [rows, size] : [size];
    return b.output(b.op('reshape', kept, shape), shape, dtype);
  });
}

const oneHot = kernel<Of<'indices'>, tf.OneHotAttrs>('OneHot', (b, { indices }, attrs) => {
  const { depth, onValue, offValue, dtype } = attrs;
  const shape = [...indices.shape, depth];
  const hit = b.op('eq.Tensor', b.op('unsqueeze', b.input(indices), -1), counting(b, depth));
  if (onValue === 1 && offValue === 0) return b.output(cast(b, hit, dtype as NumericType), shape, dtype);
  const y = filled(b, shape, offValue, dtype as NumericType);
  return b.output(b.op('masked_fill_.Scalar', y, hit, onValue), shape, dtype);
});

export const countKernels: readonly NativeKernel[] = [
  bincount('Bincount'),
  bincount('DenseBincount'),
  oneHot,
];
