import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import type { NativeBackend } from '../backend';
import { type NumericType, sameShape, scalarTypeOf } from '../tensor-data';

export type { NativeBackend } from '../backend';

/** A tensor as tfjs hands it to a kernel. */
export type T = tf.TensorInfo;

/** What tfjs hands to a kernel. */
export interface KernelCall {
  readonly inputs: Record<string, T>;
  readonly attrs: Record<string, unknown>;
  readonly backend: NativeBackend;
}

/** A kernel of this backend. */
export interface NativeKernel {
  readonly kernelName: string;
  readonly kernelFunc: (call: KernelCall) => T | T[];
}

/**
 * A kernel whose temporaries are freed when it ends, whichever way.
 *
 * @param run gets the backend, the inputs by name (a list for some ops) and the attributes
 */
export function kernel<Inputs, Attrs = unknown>(
  kernelName: string,
  run: (b: NativeBackend, inputs: Inputs, attrs: Attrs) => T | T[],
): NativeKernel {
  return {
    kernelName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const mark = backend.mark();
      try {
        return run(backend, inputs as Inputs, attrs as Attrs);
      } finally {
        backend.release(mark);
      }
    },
  };
}

/** Kernels of one input by its name. */
export type Of<Name extends string> = Readonly<Record<Name, T>>;

/** The shape of two operands together, as NumPy broadcasts. */
export function broadcast(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameShape(a, b)) return a;
  return tf.backend_util.assertAndGetBroadcastShape(a as number[], b as number[]);
}

/** `handle` in another type: a temporary. */
export function cast(b: NativeBackend, handle: Handle, dtype: NumericType): Handle {
  return b.op('to.dtype', handle, scalarTypeOf[dtype]);
}

/** An index, as operators that want 64 bits take it. */
export function toLong(b: NativeBackend, handle: Handle): Handle {
  return b.op('to.dtype', handle, 4);
}

/**
 * A float tensor as int32 as JavaScript converts: towards zero, modulo 2³², 0 for NaN and ∞.
 */
export function floatToInt(b: NativeBackend, handle: Handle): Handle {
  const rest = b.op('fmod.Scalar', handle, 4294967296);
  b.op('nan_to_num_', rest, 0, 0, 0);
  return cast(b, toLong(b, rest), 'int32');
}

/** Arguments of ATen's `nan_to_num` that turn NaN, which an extreme passes over, into `least` and leave ∞ as it is. */
export function withoutNaN(least: number): [nan: number, positive: number, negative: number] {
  return [least, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
}

/** `shape` filled with one number. */
export function filled(
  b: NativeBackend,
  shape: readonly number[],
  value: number,
  dtype: NumericType = 'float32',
): Handle {
  return b.op('full', shape, value, scalarTypeOf[dtype], null, b.device);
}

/** 0, 1, … n − 1 in int64. */
export function indices(b: NativeBackend, n: number): Handle {
  return b.op('arange', n, 4, null, b.device);
}

/** The product of sizes. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** An axis of `rank` axes counted from the front. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
