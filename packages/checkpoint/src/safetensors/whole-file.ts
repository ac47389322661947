import { headerOf } from './header';
import { countOf } from './layout';
import { bytesOf, decodeFloat32, decodeHalf, decodeInt8, encode } from './numbers';
import type { SafeTensor, WeightType } from './types';
import { headOf } from './write';

/** A whole safetensors file in memory. */
export interface SafeTensors {
  readonly tensors: Map<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A small safetensors file as one array, in the order given; `safetensorsContent` streams a large one.
 *
 * @param dtype of those that do not say: default F32, exactly as they are; F16 rounds to the nearest
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, SafeTensor]>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: WeightType = 'F32',
): Uint8Array {
  const list = [...tensors];
  const { head, size } = headOf(list, metadata, dtype);
  const file = new Uint8Array(size);
  file.set(head);
  let at = head.length;
  for (const [, tensor] of list) {
    const bytes = encode(tensor.values, tensor.dtype ?? dtype);
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * Reads all F32, F16, BF16 and I8 tensors of a file in memory, as float32; `openSafetensors` reads a large file in parts.
 *
 * @throws CheckpointError WEIGHTS_INVALID: see `readHeader`
 */
export function readSafetensors(file: Uint8Array): SafeTensors {
  const { entries, metadata, start } = headerOf(file);
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const bytes = file.subarray(start + begin, start + end);
    const values = new Float32Array(countOf(shape));
    if (dtype === 'F32') {
      bytesOf(values).set(bytes);
      decodeFloat32(values);
    } else if (dtype === 'I8') decodeInt8(bytes, values);
    else decodeHalf(bytes, dtype, values);
    tensors.set(name, { shape, values, ...(dtype === 'I8' && { dtype }) });
  }
  return { tensors, metadata };
}
