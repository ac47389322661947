import type { Initializer, ParameterScope } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import { decodeLinear, type NormParameters } from '../linear/decode';
import { linear } from '../linear/op';
import { quantizedEmbedding } from '../quantized/dequantize';
import { quantizedLinear } from '../quantized/linear';
import { embedding } from './op';

/** A table of V words, a row of D numbers each. */
export interface WordTable {
  /** The rows of ids: `int32[…]` → `float32[…, D]`. */
  embed(ids: tf.Tensor): tf.Tensor;
  /** How much each word is like x `float32[…, D]`: x · tableᵀ + bias, `float32[…, V]`. */
  score(x: tf.Tensor, bias?: tf.Tensor): tf.Tensor;
  /** As `score`, after the layer norm `norm`: a step of decoding. */
  decode(x: tf.Tensor, bias: tf.Tensor | undefined, norm: NormParameters | undefined): tf.Tensor;
}

/** A table that declares `weight` [words, width], for the words that are read, for those that are written, or for both. */
export function wordTable(
  scope: ParameterScope<tf.Tensor>,
  { words, width, init }: { readonly words: number; readonly width: number; readonly init: Initializer },
): WordTable {
  const matrix = scope.quantized?.('weight', { outputs: words, inputs: width }, 'outputs-first');
  if (matrix) {
    return {
      embed: ids => quantizedEmbedding(matrix, ids),
      score: (x, bias) => quantizedLinear(x, matrix, bias),
      decode: (x, bias, norm) => quantizedLinear(x, matrix, bias, { norm }),
    };
  }
  const table = scope.param('weight', [words, width], init);
  return {
    embed: ids => embedding(table, ids),
    score: (x, bias) => linear(x, table, bias, { transposeW: true }),
    decode: (x, bias, norm) => decodeLinear(x, table, bias, { transposeW: true, norm }),
  };
}
