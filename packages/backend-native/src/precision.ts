/**
 * How exactly the backend computes. `float32` is the default. `bfloat16` is mixed precision (Micikevicius et al., 2018; bfloat16 as in
 * Kalamkar et al., 2019): what costs time is done on bfloat16 numbers, what needs digits on float32. tfjs knows of none of it: every
 * tensor says float32, and reading one gives float32.
 *
 * | what                                                                | takes            | gives    |
 * | ------------------------------------------------------------------- | ---------------- | -------- |
 * | linear maps, convolutions, attention, their gradients by inputs     | bfloat16 copies  | bfloat16 |
 * | what only moves numbers: views, joining, padding, greatest of a pool | as they are      | the same |
 * | gradients by weights, summed over rows inside the product           | bfloat16 copies  | bfloat16 |
 * | bias gradients, softmax, log Σ exp, norms and their statistics      | float32          | float32  |
 * | loss, gradient norm, AdamW, parameters and moments                  | float32          | float32  |
 * | every other kernel                                                  | float32          | float32  |
 *
 * bfloat16 has the range of float32, so that no loss scaling is needed. Products of bfloat16 numbers are summed in float32 and the result
 * is rounded, but not by every libtorch on every processor: see `sums.ts`. The master weights stay float32: a bfloat16 copy of each is
 * made when a kernel first asks for it, and again when the weight was replaced or overwritten.
 *
 * A kernel that says nothing asks `input` and gets float32; one that can do with less asks `operand`, `weight` or `b.stored`.
 */
import type { Precision } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import { type Handle, scalarType } from './addon/interface';
import type { NativeBackend } from './backend';
import type { TensorData } from './tensor-data';

/** bfloat16 copies of weights, oldest first, of each backend that has any. */
const copiesOf = new WeakMap<NativeBackend, Map<TensorData, Handle>>();

/** How exactly `backend` computes now. */
export function precisionOf(backend: NativeBackend): Precision {
  return backend.reduced ? 'bfloat16' : 'float32';
}

/** From now on `backend` computes with this precision. Tensors in bfloat16 must be gone before it computes in float32 again. */
export function usePrecision(backend: NativeBackend, precision: Precision): void {
  backend.reduced = precision === 'bfloat16';
  for (const copy of copiesOf.get(backend)?.values() ?? []) backend.addon.free(copy);
  copiesOf.delete(backend);
}

/** An activation or a gradient as products take it. */
export function operand(b: NativeBackend, tensor: tf.TensorInfo): Handle {
  const handle = b.stored(tensor);
  if (!b.reduced || b.addon.dtype(handle) !== scalarType.float32) return handle;
  return b.op('to.dtype', handle, scalarType.bfloat16);
}

/** A parameter as products take it: in bfloat16 a copy that lives as long as the parameter's data. */
export function weight(b: NativeBackend, tensor: tf.TensorInfo): Handle {
  const handle = b.stored(tensor);
  if (!b.reduced) return handle;
  let copies = copiesOf.get(b);
  if (!copies) copiesOf.set(b, (copies = new Map()));
  const data = b.data.get(tensor.dataId);
  const known = copies.get(data);
  // A view of the same data under another shape gets no copy of its own.
  if (known !== undefined) return b.op('view', known, tensor.shape);
  forget(b, copies);
  if (b.addon.dtype(handle) !== scalarType.float32) return handle;
  const copy = b.aten.call('to.dtype', b.op('contiguous', handle), scalarType.bfloat16);
  copies.set(data, copy);
  return b.op('alias', copy);
}

/** Brings the copy of a weight up to date that was overwritten in place. */
export function weightChanged(b: NativeBackend, tensor: tf.TensorInfo): void {
  const data = b.data.get(tensor.dataId);
  const copy = copiesOf.get(b)?.get(data);
  if (copy !== undefined) b.op('copy_', b.op('view', copy, data.shape), data.handle);
}

/** A handle in float32, for what needs digits. */
export function full(b: NativeBackend, handle: Handle): Handle {
  if (!b.reduced || b.addon.dtype(handle) !== scalarType.bfloat16) return handle;
  return b.op('to.dtype', handle, scalarType.float32);
}

/** Frees the copies of weights that are gone: they were replaced in the order in which they were first used. */
function forget(b: NativeBackend, copies: Map<TensorData, Handle>): void {
  for (const [data, copy] of copies) {
    if (!data.released) return;
    b.addon.free(copy);
    copies.delete(data);
  }
}
