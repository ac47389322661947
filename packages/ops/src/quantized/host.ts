import type { Quantization } from '@simvlm/core';
import { checkQuantization, packedWidth } from './matrix';

/** The numbers of a `QuantizedMatrix` in main memory. */
export interface QuantizedRows {
  readonly packed: Int32Array;
  readonly scales: Float32Array;
}

/**
 * The nearest matrix of integers. With 8 bits the largest number of a group becomes ±127; with 4 bits it becomes −8, whatever its sign, as the
 * scale may be negative: all sixteen values are then of use.
 *
 * @param values `float32[O, inputs]`, row by row
 * @param roundScale what a scale becomes in its file, before numbers are divided by it; default: as it is
 * @throws ShapeError for a quantization that does not fit `inputs`
 */
export function quantizeRows(
  values: Float32Array,
  inputs: number,
  quantization: Quantization,
  roundScale: (scale: number) => number = Math.fround,
): QuantizedRows {
  checkQuantization('quantizeRows', quantization, inputs);
  const { bits, group } = quantization;
  const outputs = inputs === 0 ? 0 : values.length / inputs;
  const [words, groups] = [packedWidth(inputs, bits), Math.ceil(inputs / group)];
  const packed = new Int32Array(outputs * words);
  const scales = new Float32Array(outputs * groups);
  const perWord = 32 / bits;
  const [least, most, offset, mask] = bits === 8 ? [-127, 127, 0, 0xff] : [-8, 7, 8, 0xf];
  for (let o = 0; o < outputs; o++) {
    for (let g = 0; g < groups; g++) {
      const [from, to] = [g * group, Math.min(inputs, (g + 1) * group)];
      const largest = largestOf(values, o * inputs + from, o * inputs + to);
      const scale = roundScale(bits === 8 ? Math.abs(largest) / 127 : largest / -8);
      scales[o * groups + g] = scale;
      for (let i = from; i < to; i++) {
        const q = scale === 0 ? 0 : Math.round(values[o * inputs + i]! / scale);
        const code = (Math.min(most, Math.max(least, q)) + offset) & mask;
        packed[o * words + Math.floor(i / perWord)]! |= code << (bits * (i % perWord));
      }
    }
  }
  return { packed, scales };
}

/** `float32[O, inputs]` of a matrix of integers: q · scale, rounded once. */
export function dequantizeRows(
  { packed, scales }: QuantizedRows,
  inputs: number,
  { bits, group }: Quantization,
): Float32Array {
  const [words, groups] = [packedWidth(inputs, bits), Math.ceil(inputs / group)];
  const outputs = words === 0 ? 0 : packed.length / words;
  const perWord = 32 / bits;
  const values = new Float32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const word = packed[o * words + Math.floor(i / perWord)]!;
      const place = bits * (i % perWord);
      const q = bits === 8 ? (word << (24 - place)) >> 24 : ((word >>> place) & 0xf) - 8;
      values[o * inputs + i] = q * scales[o * groups + Math.floor(i / group)]!;
    }
  }
  return values;
}

/** The number that is farthest from 0, with its sign. */
function largestOf(values: Float32Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) if (Math.abs(values[i]!) > Math.abs(largest)) largest = values[i]!;
  return largest;
}
