import { float16Numbers, fromBfloat16, toFloat16 } from './half';
import type { Dtype } from './layout';
import type { WeightType } from './types';

/** As the files are. Typed arrays have the machine's order of bytes, and copy a gigabyte in a second where a DataView takes a minute. */
const isLittleEndian = bytesOf(Uint32Array.of(1))[0] === 1;

/** The bytes behind a view, not copied. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Makes float32 numbers of bytes that were read into `values` as F32. Changes them in place. */
export function decodeFloat32(values: Float32Array): void {
  if (!isLittleEndian) swapBytes(values);
}

/** Writes bytes with a sign to `into`, at whose end they may stand. */
export function decodeInt8(bytes: Uint8Array, into: Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = (bytes[i]! << 24) >> 24;
}

/** Writes the numbers of 16-bit `bytes` to `into`. */
export function decodeHalf(bytes: Uint8Array, dtype: Exclude<Dtype, 'F32' | 'I8'>, into: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === 'BF16') {
    for (let i = 0; i < into.length; i++) into[i] = fromBfloat16(view.getUint16(2 * i, true));
    return;
  }
  const numbers = float16Numbers();
  for (let i = 0; i < into.length; i++) into[i] = numbers[view.getUint16(2 * i, true)]!;
}

/** The bytes of numbers as a file has them; of F32 on a little-endian machine those of `values` themselves. */
export function encode(values: Float32Array, dtype: WeightType): Uint8Array {
  if (dtype === 'F32') {
    if (isLittleEndian) return bytesOf(values);
    const copy = values.slice();
    swapBytes(copy);
    return bytesOf(copy);
  }
  if (dtype === 'I8') return Uint8Array.from(values, value => value & 0xff);
  const view = new DataView(new ArrayBuffer(2 * values.length));
  for (let i = 0; i < values.length; i++) view.setUint16(2 * i, toFloat16(values[i]!), true);
  return bytesOf(view);
}

function swapBytes(values: Float32Array): void {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  for (let i = 0; i < values.byteLength; i += 4) view.setUint32(i, view.getUint32(i, true), false);
}
