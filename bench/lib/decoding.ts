import type { SimVlmConfig } from '@simvlm/model';

/**
 * Bytes that a device must read of its memory to decode one token of every row, on average over a text: the decoder's matrices and the
 * embedding's table once for all rows; of each row the keys and values of its memory and of the tokens so far. Norms and biases, a
 * thousandth of it, are left out. The memory bandwidth over this is the most steps a second that there can be.
 *
 * @param imageTokens of the memory of a row
 * @param textTokens that are decoded, one a step
 * @param bytes of a number: 2 for bfloat16
 */
export function decodingBytes(
  config: SimVlmConfig,
  rows: number,
  imageTokens: number,
  textTokens: number,
  bytes: number,
): number {
  const { width: D, layers, mlp, vocabSize } = config;
  // Keys and values of the memory were made before: of cross-attention, query and out remain.
  const weights = layers * (6 * D * D + 2 * D * mlp) + vocabSize * D;
  const cached = (textTokens + 1) / 2;
  const caches = rows * layers * 2 * (imageTokens + cached) * D;
  return bytes * (weights + caches);
}
