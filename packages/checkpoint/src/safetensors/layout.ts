import { CheckpointError } from '@simvlm/core';
import type { WeightType } from './types';

/** The format's own limit on the header, in bytes. */
export const MAX_HEADER = 100_000_000;

/** Bytes of a number, by the types that can be read. */
export const BYTES_OF: Readonly<Record<Dtype, number>> = { F32: 4, F16: 2, BF16: 2, I8: 1 };

export type Dtype = WeightType | 'BF16';

/** Bytes of a number, by the types of the format that hold no weights of ours: such tensors can be known, and are not read. */
export const CLOSED_BYTES = {
  F64: 8,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** Where a tensor stands. */
export interface TensorEntry<D extends string = Dtype> {
  readonly name: string;
  readonly dtype: D;
  readonly shape: readonly number[];
  /** First byte and the byte after the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** Numbers in a shape. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function damaged(what: string, cause?: unknown): CheckpointError {
  return new CheckpointError('WEIGHTS_INVALID', `not a usable safetensors file: ${what}`, { cause });
}
