import type * as tf from '@tensorflow/tfjs-core';

/** An operand: normal random numbers of a shape, or given values. */
export interface Operand {
  readonly shape: readonly number[];
  readonly values?: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** Random numbers are drawn from |N(0, 1)| + 0.1 instead. */
  readonly positive?: boolean;
}

type Function = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

export interface Case {
  readonly name: string;
  readonly inputs: readonly Operand[];
  readonly run: Function;
  /**
   * Where tfjs's CPU backend is wrong: the same by operations that it has right. A backend must give this.
   */
  readonly right?: Function;
  /** Compare the gradients of the float32 inputs as well. */
  readonly gradient?: boolean;
  /** Largest difference relative to max(1, |expected|). */
  readonly tolerance?: number;
}

export const of = (...shape: number[]): Operand => ({ shape });
export const positive = (...shape: number[]): Operand => ({ shape, positive: true });
export const ints = (shape: number[], values: number[]): Operand => ({ shape, values, dtype: 'int32' });
export const bools = (shape: number[], values: number[]): Operand => ({ shape, values, dtype: 'bool' });
export const floats = (...values: number[]): Operand => ({ shape: [values.length], values });
