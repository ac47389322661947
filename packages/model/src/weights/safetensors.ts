import { CheckpointError } from '@simvlm/core';
import { fromBfloat16, fromFloat16, toFloat16 } from './half';
import { duplicateKeys } from './json-keys';

/**
 * Safetensors: eight bytes of header length (little-endian), a JSON header, then the numbers of all tensors, without holes.
 */
export interface SafeTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface SafeTensors {
  readonly tensors: Map<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header. */
const MAX_HEADER = 100_000_000;

/** As the files are. Typed arrays have the order of the machine's bytes; they copy a gigabyte in a second, where a DataView takes a minute. */
const isLittleEndian = bytesOf(Uint32Array.of(1))[0] === 1;

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A copy with the bytes of each number in the other order. */
function swapped(values: Float32Array): Float32Array {
  const from = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const copy = new DataView(new ArrayBuffer(values.byteLength));
  for (let i = 0; i < values.byteLength; i += 4) copy.setUint32(i, from.getUint32(i, true), false);
  return new Float32Array(copy.buffer);
}

const readers: Record<string, { bytes: number; read: (view: DataView, count: number) => Float32Array }> = {
  F32: {
    bytes: 4,
    read(view, count) {
      const values = new Float32Array(count);
      bytesOf(values).set(new Uint8Array(view.buffer, view.byteOffset, 4 * count));
      return isLittleEndian ? values : swapped(values);
    },
  },
  F16: {
    bytes: 2,
    read: (view, count) =>
      Float32Array.from({ length: count }, (_, i) => fromFloat16(view.getUint16(2 * i, true))),
  },
  BF16: {
    bytes: 2,
    read: (view, count) =>
      Float32Array.from({ length: count }, (_, i) => fromBfloat16(view.getUint16(2 * i, true))),
  },
};

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/** How numbers are written. */
export type WeightType = 'F32' | 'F16';

/** The bytes of numbers as a file has them. */
function encoded(values: Float32Array, dtype: WeightType): Uint8Array {
  if (dtype === 'F32') return bytesOf(isLittleEndian ? values : swapped(values));
  const view = new DataView(new ArrayBuffer(2 * values.length));
  for (let i = 0; i < values.length; i++) view.setUint16(2 * i, toFloat16(values[i]!), true);
  return bytesOf(view);
}

/**
 * A safetensors file, in the order given; the header is padded so that numbers are aligned to 8 bytes.
 *
 * @param dtype default F32, exactly as they are; F16 rounds to the nearest, for files of half the size
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, SafeTensor]>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: WeightType = 'F32',
): Uint8Array {
  const list = [...tensors];
  const width = dtype === 'F32' ? 4 : 2;
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const [name, { shape, values }] of list) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + width * values.length] };
    offset += width * values.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(json, 8);
  let at = 8 + headerLength;
  for (const [, { values }] of list) {
    file.set(encoded(values, dtype), at);
    at += width * values.length;
  }
  return file;
}

/**
 * Reads F32, F16 and BF16 tensors, as float32.
 *
 * @throws CheckpointError (`WEIGHTS_INVALID`) when the header is too long or no strict JSON, a key stands twice, a tensor's
 *   bytes do not agree with shape and dtype, or tensors overlap, leave holes or do not fill the file
 */
export function readSafetensors(file: Uint8Array): SafeTensors {
  const { entries, metadata, start } = readHeader(file);
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const reader = readers[dtype]!;
    const view = new DataView(file.buffer, file.byteOffset + start + begin, end - begin);
    tensors.set(name, { shape, values: reader.read(view, (end - begin) / reader.bytes) });
  }
  return { tensors, metadata };
}

function readHeader(file: Uint8Array) {
  if (file.length < 8) throw damaged(`it has ${file.length} bytes; a safetensors file has at least 8`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, file.length - 8))) {
    throw damaged(
      `its header of ${length} bytes does not fit the file of ${file.length} (limit ${MAX_HEADER})`,
    );
  }
  const start = 8 + Number(length);
  const header = parseHeader(file.subarray(8, start));
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isObject(metadata) || Object.values(metadata).some(value => typeof value !== 'string')) {
    throw damaged('its __metadata__ must map strings to strings');
  }
  const entries = Object.entries(rest).map(([name, value]) => readEntry(name, value));
  checkPlaces(entries, file.length - start);
  return { entries, metadata: metadata as Record<string, string>, start };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(`its header is not JSON: ${(error as Error).message}`);
  }
  if (!text.startsWith('{') || !isObject(value))
    throw damaged('its header must be a JSON object that starts the header');
  const [duplicate] = duplicateKeys(text);
  if (duplicate !== undefined) throw damaged(`"${duplicate}" stands twice in its header`);
  return value;
}

function readEntry(name: string, value: unknown): Entry {
  if (!isObject(value)) throw damaged(`"${name}" must be described by an object`);
  const { dtype, shape, data_offsets: offsets, ...unknown } = value;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) throw damaged(`"${name}" has the unknown key "${extra}"`);
  const reader = typeof dtype === 'string' && Object.hasOwn(readers, dtype) ? readers[dtype] : undefined;
  if (!reader)
    throw damaged(
      `"${name}" has ${typeof dtype === 'string' ? `dtype "${dtype}"` : 'no dtype'}; readable are ${Object.keys(readers).join(', ')}`,
    );
  if (!isNaturals(shape)) throw damaged(`"${name}" must have a shape of whole numbers`);
  if (!isNaturals(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    throw damaged(`"${name}" must have two rising data_offsets`);
  const [begin, end] = offsets as [number, number];
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (!Number.isSafeInteger(count) || count * reader.bytes !== end - begin) {
    throw damaged(
      `"${name}" needs ${count} × ${reader.bytes} bytes for shape [${shape}], its data_offsets hold ${end - begin}`,
    );
  }
  return { name, dtype: dtype as string, shape, begin, end };
}

/** One after another, no hole, no overlap, to the last byte. */
function checkPlaces(entries: readonly Entry[], bytes: number): void {
  let expected = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected)
      throw damaged(
        `"${name}" begins at byte ${begin} where ${expected} was due: tensors ${begin < expected ? 'overlap' : 'leave a hole'}`,
      );
    expected = end;
  }
  if (expected !== bytes)
    throw damaged(`its tensors take ${expected} bytes, the file holds ${bytes}: it is cut off or too long`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(number => Number.isSafeInteger(number) && number >= 0);
}

function damaged(what: string): CheckpointError {
  return new CheckpointError('WEIGHTS_INVALID', `not a usable safetensors file: ${what}`);
}
