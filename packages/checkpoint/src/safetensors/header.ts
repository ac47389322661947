import type { ByteSource } from '@simvlm/bytes';
import { parseJson } from '@simvlm/core';
import { duplicateKeys } from './json-keys';
import { BYTES_OF, CLOSED_BYTES, countOf, damaged, MAX_HEADER, type TensorEntry } from './layout';

/** The header of a safetensors file: every tensor's place, and where the numbers begin. */
export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly entries: readonly TensorEntry[];
  /** Tensors of types that are not read; none unless `closed` allows them. */
  readonly closed: readonly TensorEntry<string>[];
  readonly metadata: Readonly<Record<string, string>>;
  /** The first byte of the numbers. */
  readonly start: number;
}

export interface HeaderOptions {
  /** Whether the file may hold tensors of types that are not read; default false. */
  readonly closed?: boolean;
}

/**
 * Reads and checks a header; no number is read.
 *
 * @throws CheckpointError WEIGHTS_INVALID when the header is too long or no strict JSON, a key stands twice, a tensor's bytes do not agree
 *   with shape and dtype, or tensors overlap, leave holes or do not fill the file
 */
export async function readHeader(file: ByteSource, options: HeaderOptions = {}): Promise<SafetensorsHeader> {
  const first = new Uint8Array(Math.min(8, file.size));
  await file.read(0, first);
  const bytes = new Uint8Array(headerLength(first, file.size));
  await file.read(8, bytes);
  return { ...parseHeader(bytes, file.size - 8 - bytes.length, options), start: 8 + bytes.length };
}

/** As `readHeader`, of a whole file in memory. */
export function headerOf(file: Uint8Array): SafetensorsHeader {
  const start = 8 + headerLength(file.subarray(0, 8), file.length);
  return { ...parseHeader(file.subarray(8, start), file.length - start), start };
}

/** The length that the first eight bytes state, once it is known that the file can hold it. */
function headerLength(first: Uint8Array, fileSize: number): number {
  if (fileSize < 8) throw damaged(`it has ${fileSize} bytes; a safetensors file has at least 8`);
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, fileSize - 8)))
    throw damaged(`its header of ${length} bytes does not fit the file of ${fileSize} (limit ${MAX_HEADER})`);
  return Number(length);
}

function parseHeader(
  bytes: Uint8Array,
  available: number,
  { closed = false }: HeaderOptions = {},
): Omit<SafetensorsHeader, 'start'> {
  const { __metadata__: metadata = {}, ...rest } = headerObject(bytes);
  if (!isObject(metadata) || Object.values(metadata).some(value => typeof value !== 'string'))
    throw damaged('its __metadata__ must map strings to strings');
  const types: Readonly<Record<string, number>> = closed ? { ...BYTES_OF, ...CLOSED_BYTES } : BYTES_OF;
  const entries = Object.entries(rest).map(([name, value]) => readEntry(name, value, types));
  checkPlaces(entries, available);
  return {
    entries: entries.filter((entry): entry is TensorEntry => Object.hasOwn(BYTES_OF, entry.dtype)),
    closed: entries.filter(({ dtype }) => !Object.hasOwn(BYTES_OF, dtype)),
    metadata: metadata as Record<string, string>,
  };
}

function headerObject(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw damaged('its header is not UTF-8', error);
  }
  const value: unknown = parseJson(text, 'its header', (message, options) =>
    damaged(message, options?.cause),
  );
  if (!text.startsWith('{') || !isObject(value))
    throw damaged('its header must be a JSON object that starts the header');
  const [duplicate] = duplicateKeys(text);
  if (duplicate !== undefined) throw damaged(`"${duplicate}" stands twice in its header`);
  return value;
}

function readEntry(
  name: string,
  value: unknown,
  types: Readonly<Record<string, number>>,
): TensorEntry<string> {
  if (!isObject(value)) throw damaged(`"${name}" must be described by an object`);
  const { dtype, shape, data_offsets: offsets, ...unknown } = value;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) throw damaged(`"${name}" has the unknown key "${extra}"`);
  if (typeof dtype !== 'string' || !Object.hasOwn(types, dtype))
    throw damaged(
      `"${name}" has ${typeof dtype === 'string' ? `dtype "${dtype}"` : 'no dtype'}; readable are ${Object.keys(types).join(', ')}`,
    );
  if (!isNaturals(shape)) throw damaged(`"${name}" must have a shape of whole numbers`);
  if (!isNaturals(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    throw damaged(`"${name}" must have two rising data_offsets`);
  const [begin, end] = offsets as [number, number];
  const count = countOf(shape);
  const width = types[dtype]!;
  if (!Number.isSafeInteger(count) || count * width !== end - begin)
    throw damaged(
      `"${name}" needs ${count} × ${width} bytes for shape [${shape}], its data_offsets hold ${end - begin}`,
    );
  return { name, dtype, shape, begin, end };
}

/** One after another, no hole, no overlap, to the last byte. */
function checkPlaces(entries: readonly TensorEntry<string>[], bytes: number): void {
  let expected = 0;
  let cut: string | undefined;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected)
      throw damaged(
        `"${name}" begins at byte ${begin} where ${expected} was due: tensors ${begin < expected ? 'overlap' : 'leave a hole'}`,
      );
    expected = end;
    if (expected > bytes) cut ??= name;
  }
  if (expected !== bytes)
    throw damaged(
      `its tensors take ${expected} bytes, the file holds ${bytes}: it is ${cut === undefined ? 'too long' : `cut off in "${cut}"`}`,
    );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(number => Number.isSafeInteger(number) && number >= 0);
}
