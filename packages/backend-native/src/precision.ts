/**
 * How exactly the backend computes. `float32` is the default. `bfloat16` is mixed precision (Micikevicius et al., 2018; bfloat16 as in
 * Kalamkar et al., 2019): what costs time is done on bfloat16 numbers, what needs digits on float32. tfjs knows of none of it: every
 * tensor says float32, and reading one gives float32.
 *
 * | what                                                                | takes            | gives    |
 * | ------------------------------------------------------------------- | ---------------- | -------- |
 * | linear maps, attention's products, their gradients by activations   | bfloat16 copies  | bfloat16 |
 * | gradients by weights, summed over rows inside the product           | bfloat16 copies  | bfloat16 |
 * | bias gradients, softmax, log Σ exp, norms and their statistics      | float32          | float32  |
 * | loss, gradient norm, AdamW, parameters and moments                  | float32          | float32  |
 * | every other kernel                                                  | float32          | float32  |
 *
 * bfloat16 has the range of float32, so that no loss scaling is needed. cuBLAS and oneDNN sum products of bfloat16 numbers in float32 and
 * round the result (libtorch 1.13 on the CPU does not for matrices of less than 16³ products, nor without AVX-512). The master weights
 * stay float32: a bfloat16 copy of each is made when a kernel first asks for it, and again when the weight was replaced or overwritten.
 *
 * A kernel that says nothing asks `input` and gets float32; one that can do with less asks `operand`, `weight` or `raw`.
 */
import type * as tf from '@tensorflow/tfjs';
import { type Handle, scalarType } from './addon/interface';
import type { NativeBackend } from './backend';
import type { TensorData } from './tensor-data';

export type Precision = 'float32' | 'bfloat16';

/** What a backend in bfloat16 has beyond one in float32. */
interface Reduced {
  /** `input` of a backend in float32. */
  readonly input: (tensor: tf.TensorInfo) => Handle;
  /** bfloat16 copies of weights, oldest first. */
  readonly copies: Map<TensorData, Handle>;
  /** Undoes what was hooked in. */
  readonly restore: () => void;
}

const reducedBackends = new WeakMap<NativeBackend, Reduced>();

/** How exactly `backend` computes now. */
export function precisionOf(backend: NativeBackend): Precision {
  return reducedBackends.has(backend) ? 'bfloat16' : 'float32';
}

/** From now on `backend` computes with this precision. Tensors that exist stay as they are. */
export function usePrecision(backend: NativeBackend, precision: Precision): void {
  if (precision === precisionOf(backend)) return;
  const now = reducedBackends.get(backend);
  if (now) {
    for (const copy of now.copies.values()) backend.addon.free(copy);
    now.restore();
    reducedBackends.delete(backend);
  } else reducedBackends.set(backend, hook(backend));
}

/** A tensor as it is stored: float32 or bfloat16. For kernels that only move numbers, or compute in either. */
export function raw(b: NativeBackend, tensor: tf.TensorInfo): Handle {
  const reduced = reducedBackends.get(b);
  return reduced ? reduced.input(tensor) : b.input(tensor);
}

/** An activation or a gradient as products take it. */
export function operand(b: NativeBackend, tensor: tf.TensorInfo): Handle {
  const reduced = reducedBackends.get(b);
  if (!reduced) return b.input(tensor);
  const handle = reduced.input(tensor);
  return b.addon.dtype(handle) === scalarType.float32
    ? b.op('to.dtype', handle, scalarType.bfloat16)
    : handle;
}

/** A parameter as products take it: in bfloat16 a copy that lives as long as the parameter's data. */
export function weight(b: NativeBackend, tensor: tf.TensorInfo): Handle {
  const reduced = reducedBackends.get(b);
  if (!reduced) return b.input(tensor);
  const data = b.data.get(tensor.dataId);
  const known = reduced.copies.get(data);
  // A view of the same data under another shape gets no copy of its own.
  if (known !== undefined) return b.op('view', known, tensor.shape);
  forget(b, reduced);
  const handle = reduced.input(tensor);
  if (b.addon.dtype(handle) !== scalarType.float32) return handle;
  const copy = b.aten.call('to.dtype', b.op('contiguous', handle), scalarType.bfloat16);
  reduced.copies.set(data, copy);
  return b.op('alias', copy);
}

/** Brings the copy of a weight up to date that was overwritten in place. */
export function weightChanged(b: NativeBackend, tensor: tf.TensorInfo): void {
  const data = b.data.get(tensor.dataId);
  const copy = reducedBackends.get(b)?.copies.get(data);
  if (copy !== undefined) b.op('copy_', b.op('view', copy, data.shape), data.handle);
}

/** A handle in float32, for what needs digits. */
export function full(b: NativeBackend, handle: Handle): Handle {
  if (!reducedBackends.has(b) || b.addon.dtype(handle) !== scalarType.bfloat16) return handle;
  return b.op('to.dtype', handle, scalarType.float32);
}

/** Frees the copies of weights that are gone: they were replaced in the order in which they were first used. */
function forget(b: NativeBackend, { copies }: Reduced): void {
  for (const [data, copy] of copies) {
    if (!data.released) return;
    b.addon.free(copy);
    copies.delete(data);
  }
}

/** The backend reads bfloat16 as float32, for kernels (`input`) and for the host (`read`, `readSync`). */
function hook(backend: NativeBackend): Reduced {
  const { input, read, readSync } = backend;
  const widened = (dataId: tf.TensorInfo['dataId']): tf.TensorInfo | undefined => {
    const { handle, shape } = backend.data.get(dataId);
    if (handle === 0 || backend.addon.dtype(handle) !== scalarType.bfloat16) return undefined;
    const mark = backend.mark();
    try {
      const wide = backend.op('to.dtype', handle, scalarType.float32);
      return backend.output(wide, shape, 'float32');
    } finally {
      backend.release(mark);
    }
  };
  backend.input = tensor => full(backend, input.call(backend, tensor));
  backend.readSync = dataId => {
    const wide = widened(dataId);
    if (!wide) return readSync.call(backend, dataId);
    try {
      return readSync.call(backend, wide.dataId);
    } finally {
      backend.disposeData(wide.dataId);
    }
  };
  backend.read = async dataId => {
    const wide = widened(dataId);
    if (!wide) return read.call(backend, dataId);
    try {
      return await read.call(backend, wide.dataId);
    } finally {
      backend.disposeData(wide.dataId);
    }
  };
  return {
    input: tensor => input.call(backend, tensor),
    copies: new Map(),
    restore: () => void Object.assign(backend, { input, read, readSync }),
  };
}
