import { Random } from '@simvlm/core';

/** A tensor of a test: float64 numbers for the reference, rounded to float32 so that both sides see the same. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  readonly dtype: 'float32' | 'int32';
}

export type ValueMap = Record<string, Values>;

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

export function floats(shape: readonly number[], values: Iterable<number>): Values {
  return { shape, data: Float64Array.from(Float32Array.from(values)), dtype: 'float32' };
}

export function ints(shape: readonly number[], values: Iterable<number>): Values {
  return { shape, data: Float64Array.from(values), dtype: 'int32' };
}

/** The same number everywhere. */
export function filled(shape: readonly number[], value: number): Values {
  return floats(shape, new Float64Array(sizeOf(shape)).fill(value));
}

/** Random tensors of one test. */
export interface Draw {
  /** Normal numbers times `scale`. */
  normal(shape: readonly number[], scale?: number): Values;
  /** Integers in [0, below). */
  integers(shape: readonly number[], below: number): Values;
}

/** They depend on the name alone, not on which tests run, or in what order. */
export function draw(name: string): Draw {
  const random = Random.fromSeed(20).fork(name);
  return {
    normal: (shape, scale = 1) =>
      floats(
        shape,
        Array.from({ length: sizeOf(shape) }, () => random.normal() * scale),
      ),
    integers: (shape, below) =>
      ints(
        shape,
        Array.from({ length: sizeOf(shape) }, () => random.integer(below)),
      ),
  };
}
