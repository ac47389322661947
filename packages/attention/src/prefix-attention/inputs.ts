import type * as tf from '@tensorflow/tfjs-core';

/** A learned bias by relative place between image tokens, as in CoAtNet (Dai et al., 2021). */
export interface RelativeBias {
  /** `float32[H, (2h − 1)(2w − 1)]`. */
  readonly table: tf.Tensor;
  /** h */
  readonly gridHeight: number;
  /** w */
  readonly gridWidth: number;
}

export interface PrefixAttentionInputs {
  /** `float32[B, Tq, H, d]` */
  readonly q: tf.Tensor;
  /** `float32[B, Tk, H, d]` */
  readonly k: tf.Tensor;
  /** `float32[B, Tk, H, d]` */
  readonly v: tf.Tensor;
  /** `int32[B]`: how many keys of each row exist. */
  readonly keyLengths: tf.Tensor;
  /** `int32[B]`: how many of them every query sees. */
  readonly prefixLengths: tf.Tensor;
  /** Absolute position of query 0. */
  readonly offset?: number;
  /** For tokens 0 … h·w − 1, which must be queries and keys alike; needs offset 0. */
  readonly bias?: RelativeBias;
}
