import { type ByteSource, CHUNK_BYTES } from '@simvlm/bytes';
import { readHeader } from './header';
import { BYTES_OF, countOf, type TensorEntry } from './layout';
import { bytesOf, decodeFloat32, decodeHalf } from './numbers';
import type { TensorSet, TensorSource } from './types';

/**
 * Opens a safetensors file: the header is read, each tensor when it is asked for. F32, F16 and BF16 are read, as float32.
 *
 * @throws CheckpointError WEIGHTS_INVALID for what is no safetensors file, is cut off or too long: see `readHeader`
 */
export async function openSafetensors(file: ByteSource): Promise<TensorSet> {
  const { entries, metadata, start } = await readHeader(file);
  const tensors = new Map<string, TensorSource>();
  for (const entry of entries)
    tensors.set(entry.name, { shape: entry.shape, read: () => readTensor(file, start, entry) });
  return { tensors, metadata };
}

async function readTensor(
  file: ByteSource,
  start: number,
  { dtype, shape, begin, end }: TensorEntry,
): Promise<Float32Array> {
  const values = new Float32Array(countOf(shape));
  if (dtype === 'F32') {
    // Straight into place: no second copy of a large tensor.
    await readInParts(file, start + begin, bytesOf(values));
    decodeFloat32(values);
    return values;
  }
  const buffer = new Uint8Array(Math.min(end - begin, CHUNK_BYTES));
  for (let at = begin, done = 0; at < end; at += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, end - at));
    await file.read(start + at, part);
    const count = part.length / BYTES_OF[dtype];
    decodeHalf(part, dtype, values.subarray(done, done + count));
    done += count;
  }
  return values;
}

async function readInParts(file: ByteSource, begin: number, into: Uint8Array): Promise<void> {
  for (let at = 0; at < into.length; at += CHUNK_BYTES)
    await file.read(begin + at, into.subarray(at, at + CHUNK_BYTES));
}
