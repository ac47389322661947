import type * as tf from '@tensorflow/tfjs-core';
import { type Handle, type ScalarType, scalarType } from './addon/interface';

/** ATen's type for each type of tfjs that has numbers. */
export const scalarTypeOf: Readonly<Record<'float32' | 'int32' | 'bool' | 'complex64', ScalarType>> = {
  float32: scalarType.float32,
  int32: scalarType.int32,
  bool: scalarType.bool,
  complex64: scalarType.complex64,
};

/** A numeric type of tfjs. */
export type NumericType = keyof typeof scalarTypeOf;

/** What the backend knows of a tensor's data. It never refers to the DataId, so that a forgotten one can be collected. */
export class TensorData {
  refCount = 1;
  /** 0 before a single number is first needed as a tensor, for strings, and after release. */
  handle: Handle = 0;
  /** The number of a tensor that was made of a single one: operators take it as it is, without an upload. */
  scalar: number | undefined = undefined;
  strings: Uint8Array[] | undefined = undefined;
  /** What the kernel found out besides and its gradient wants, such as the places of a pool's maxima; 0 for nothing. */
  companion: Handle = 0;
  released = false;

  constructor(
    readonly shape: readonly number[],
    readonly dtype: tf.DataType,
  ) {}
}

type Numbers = Float32Array | Int32Array | Uint8Array;

/** `values` as the array that ATen's type reads: what tfjs hands out is not always of the tensor's type. */
export function numbersOf(values: tf.backend_util.BackendValues, dtype: NumericType): Numbers {
  const given = values as Numbers;
  if (dtype === 'int32') return given instanceof Int32Array ? given : Int32Array.from(given);
  if (dtype === 'bool') return given instanceof Uint8Array ? given : Uint8Array.from(given);
  return given instanceof Float32Array ? given : Float32Array.from(given);
}

/** What was read back, as tfjs wants it: complex numbers in pairs. */
export function valuesOf(buffer: ArrayBuffer, dtype: NumericType): Numbers {
  if (dtype === 'int32') return new Int32Array(buffer);
  if (dtype === 'bool') return new Uint8Array(buffer);
  return new Float32Array(buffer);
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
