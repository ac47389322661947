import { CHUNK_BYTES, type FileContent } from '@simvlm/bytes';
import { ShapeError } from '@simvlm/core';
import { BYTES_OF, countOf } from './layout';
import { encode } from './numbers';
import type { TensorSource, WeightType } from './types';

/**
 * A safetensors file before it is written, in the order given: eight bytes of header length (little-endian), a JSON header, padded so that
 * numbers are aligned to 8 bytes, then the numbers of all tensors without holes. One tensor is in memory at a time, or a part of it.
 */
export function safetensorsContent(
  tensors: Iterable<readonly [string, TensorSource]>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: WeightType = 'F32',
): FileContent {
  const list = [...tensors];
  const { head, size } = headOf(list, metadata, dtype);
  return {
    size,
    chunks: () => joined(numbers(head, list, dtype)),
  };
}

/** The bytes before the numbers, and the size of the whole file. */
export function headOf(
  tensors: Iterable<readonly [string, Pick<TensorSource, 'shape' | 'dtype'>]>,
  metadata: Readonly<Record<string, string>>,
  dtype: WeightType,
): { head: Uint8Array; size: number } {
  // No prototype, so that a tensor may have any name, "__proto__" included.
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const { shape } = tensor;
    const end = offset + bytesOf(tensor, dtype);
    header[name] = { dtype: tensor.dtype ?? dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(start).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(start - 8), true);
  head.set(json, 8);
  return { head, size: start + offset };
}

/** Bytes of a tensor in a file. */
export function bytesOf({ shape, dtype }: Pick<TensorSource, 'shape' | 'dtype'>, others: WeightType): number {
  return BYTES_OF[dtype ?? others] * countOf(shape);
}

async function* numbers(
  head: Uint8Array,
  list: readonly (readonly [string, TensorSource])[],
  dtype: WeightType,
): AsyncGenerator<Uint8Array> {
  yield head;
  // One for all tensors.
  const largest = Math.max(0, ...list.map(([, { shape }]) => countOf(shape)));
  const buffer = new Float32Array(Math.min(largest, CHUNK_BYTES / 4));
  for (const [name, tensor] of list) yield* tensorChunks(name, tensor, tensor.dtype ?? dtype, buffer);
}

/** Most tensors are small: they are written some hundred at a time. */
const JOINED_BYTES = 2 ** 20;

async function* joined(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(JOINED_BYTES);
  let held = 0;
  for await (const part of parts) {
    if (held > 0 && held + part.length > JOINED_BYTES) {
      yield buffer.subarray(0, held);
      held = 0;
    }
    if (part.length > JOINED_BYTES) yield part;
    else {
      buffer.set(part, held);
      held += part.length;
    }
  }
  if (held > 0) yield buffer.subarray(0, held);
}

async function* tensorChunks(
  name: string,
  tensor: TensorSource,
  dtype: WeightType,
  buffer: Float32Array,
): AsyncGenerator<Uint8Array> {
  const size = countOf(tensor.shape);
  const count = CHUNK_BYTES / 4;
  if (tensor.readPart) {
    for (let at = 0; at < size; at += count) {
      const part = buffer.subarray(0, size - at);
      await tensor.readPart(at, part);
      yield encode(part, dtype);
    }
    return;
  }
  const values = await tensor.read();
  if (values.length !== size)
    throw new ShapeError(`"${name}" has ${values.length} numbers, its shape is [${tensor.shape}]`);
  for (let at = 0; at < size; at += count) yield encode(values.subarray(at, at + count), dtype);
}
