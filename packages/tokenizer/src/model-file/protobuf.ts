import { damaged } from '../damaged';
import { toUtf8 } from '../utf8';

/**
 * The part of Protocol Buffers' wire format that `.model` files use; every read is checked against the end.
 */
export type Field = { readonly number: number } & (
  | { readonly kind: 'varint'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'skipped' }
);

const float = new DataView(new ArrayBuffer(4));

/** @throws TokenizerError for bytes that are no message */
export function* readFields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const need = (count: number) => {
    if (count > bytes.length - at) throw damaged(`it is cut off at byte ${at}`);
  };
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      need(1);
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      // A negative number is 64 bits of two's complement; which one it is matters to none of our fields.
      if (byte < 0x80) return value >= 2 ** 63 ? -1 : value;
    }
    throw damaged(`a number at byte ${at} has no end`);
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number <= 0) throw damaged(`byte ${at} has field number ${number}`);
    if (wire === 0) yield { number, kind: 'varint', value: varint() };
    else if (wire === 2) {
      const length = varint();
      if (length < 0) throw damaged(`a length at byte ${at} is negative`);
      need(length);
      yield { number, kind: 'bytes', value: bytes.subarray(at, (at += length)) };
    } else if (wire === 5) {
      need(4);
      for (let i = 0; i < 4; i++) float.setUint8(i, bytes[at++]!);
      yield { number, kind: 'float', value: float.getFloat32(0, true) };
    } else if (wire === 1) {
      need(8);
      at += 8;
      yield { number, kind: 'skipped' };
    } else throw damaged(`byte ${at} has wire type ${wire}`);
  }
}

/** Builds a message field by field. */
export class MessageWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  varint(number: number, value: number): this {
    this.#varint(BigInt(number * 8));
    return this.#varint(BigInt.asUintN(64, BigInt(value)));
  }

  float(number: number, value: number): this {
    this.#varint(BigInt(number * 8 + 5));
    return this.#append(new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(number: number, value: Uint8Array | string | MessageWriter): this {
    const content =
      typeof value === 'string' ? toUtf8(value) : value instanceof MessageWriter ? value.finish() : value;
    this.#varint(BigInt(number * 8 + 2));
    this.#varint(BigInt(content.length));
    return this.#append(content);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #varint(value: bigint): this {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>= 7n) {
      if (rest < 128n) return this.#append(Uint8Array.from([...bytes, Number(rest)]));
      bytes.push(Number(rest & 127n) | 128);
    }
  }

  #append(content: Uint8Array): this {
    const length = this.#length + content.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(content, this.#length);
    this.#length = length;
    return this;
  }
}
