import type { ParameterDtype } from '@simvlm/core';

/** What files hold of a parameter: float32 numbers as they are, int32 words as the four bytes that each is made of. */
export function storedShape({
  shape,
  dtype = 'float32',
}: {
  readonly shape: readonly number[];
  readonly dtype?: ParameterDtype | string;
}): readonly number[] {
  return dtype === 'int32' ? [...shape.slice(0, -1), 4 * shape[shape.length - 1]!] : shape;
}

/** The bytes of int32 words with their signs, the lowest first, as numbers. */
export function bytesOfWords(words: Int32Array): Float32Array {
  const bytes = new Float32Array(4 * words.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (words[i >> 2]! << (24 - 8 * (i & 3))) >> 24;
  return bytes;
}
