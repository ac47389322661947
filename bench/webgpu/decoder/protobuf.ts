/** The little of the protobuf wire format that an ONNX file needs: https://protobuf.dev/programming-guides/encoding. */
export type Field = readonly [number: number, value: number | string | Uint8Array | readonly Field[]];

const [VARINT, BYTES, FLOAT32] = [0, 2, 5];

/** A float, where a field's number alone is taken for a whole one. */
export class Float {
  constructor(readonly value: number) {}
}

/** A message: whole numbers are varints, all else has its length before it. */
export function message(fields: readonly (Field | readonly [number, Float])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (typeof value === 'number') parts.push(varint((number << 3) | VARINT), varint(value));
    else if (value instanceof Float) {
      const bytes = new DataView(new ArrayBuffer(4));
      bytes.setFloat32(0, value.value, true);
      parts.push(varint((number << 3) | FLOAT32), new Uint8Array(bytes.buffer));
    } else {
      const bytes =
        typeof value === 'string'
          ? new TextEncoder().encode(value)
          : value instanceof Uint8Array
            ? value
            : message(value);
      parts.push(varint((number << 3) | BYTES), varint(bytes.length), bytes);
    }
  }
  return joined(parts);
}

/** Seven bits a byte, the lowest first; negative numbers are 64 bits wide. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const more = rest > 127n;
    bytes.push(Number(rest & 127n) | (more ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
