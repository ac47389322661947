import { type ByteSource, CHUNK_BYTES } from '@simvlm/bytes';
import { ShapeError } from '@simvlm/core';
import { type HeaderOptions, readHeader } from './header';
import { BYTES_OF, countOf, damaged, type TensorEntry } from './layout';
import { bytesOf, decodeFloat32, decodeHalf, decodeInt8 } from './numbers';
import type { TensorSet, TensorSource } from './types';

/** Numbers read at once, at most. */
const CHUNK = CHUNK_BYTES / 4;

/**
 * Opens a safetensors file: the header is read, each tensor when it is asked for. F32, F16, BF16 and I8 are read, as float32.
 *
 * @param options `closed`: tensors of other types may be there too; they are listed, and asking for their numbers is an error
 * @throws CheckpointError WEIGHTS_INVALID for what is no safetensors file, is cut off or too long: see `readHeader`
 */
export async function openSafetensors(file: ByteSource, options: HeaderOptions = {}): Promise<TensorSet> {
  const { entries, closed, metadata, start } = await readHeader(file, options);
  const tensors = new Map<string, TensorSource>();
  for (const entry of entries) tensors.set(entry.name, tensorAt(file, start + entry.begin, entry));
  for (const { name, dtype, shape } of closed)
    tensors.set(name, {
      shape,
      async read() {
        throw damaged(`"${name}" has dtype "${dtype}", which no weight has`);
      },
    });
  return { tensors, metadata };
}

/**
 * The tensor whose numbers stand in `file` from byte `begin` on, row-major and little-endian; read as float32 when it is asked for.
 *
 * @param tensor its name, for messages, and what the numbers are
 */
export function tensorAt(
  file: ByteSource,
  begin: number,
  { name, dtype, shape }: Pick<TensorEntry, 'name' | 'dtype' | 'shape'>,
): TensorSource {
  const count = countOf(shape);
  const readPart = async (from: number, into: Float32Array) => {
    if (from < 0 || from + into.length > count)
      throw new ShapeError(
        `"${name}": numbers ${from} to ${from + into.length} were asked for, and there are ${count}`,
      );
    const bytes = bytesOf(into);
    // Halves go to the end of the memory and are widened from the front, which never overtakes them: there is no second buffer.
    const packed = bytes.subarray(bytes.length - BYTES_OF[dtype] * into.length);
    await file.read(begin + BYTES_OF[dtype] * from, packed);
    if (dtype === 'F32') decodeFloat32(into);
    else if (dtype === 'I8') decodeInt8(packed, into);
    else decodeHalf(packed, dtype, into);
  };
  return {
    shape,
    ...(dtype === 'I8' && { dtype }),
    readPart,
    async read() {
      const values = new Float32Array(count);
      for (let at = 0; at < count; at += CHUNK) await readPart(at, values.subarray(at, at + CHUNK));
      return values;
    },
  };
}
