import { TokenizerError } from '@simvlm/core';

/** The part of Protocol Buffers' wire format that `.model` files use; every read is checked against the end. */
export type Field = { readonly number: number } & (
  | { readonly kind: 'varint'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'skipped' }
);

/** @throws TokenizerError for bytes that are no message */
export function* readFields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
      if (byte < 0x80) return value;
    }
    throw damaged(`a number at byte ${at} has no end`);
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number === 0) throw damaged(`byte ${at} has field number 0`);
    if (wire === 0) yield { number, kind: 'varint', value: varint() };
    else if (wire === 2) {
      const length = varint();
      need(length);
      yield { number, kind: 'bytes', value: bytes.subarray(at, (at += length)) };
    } else if (wire === 5) {
      need(4);
      yield { number, kind: 'float', value: view.getFloat32((at += 4) - 4, true) };
    } else if (wire === 1) {
      need(8);
      at += 8;
      yield { number, kind: 'skipped' };
    } else throw damaged(`byte ${at} has wire type ${wire}`);
  }
}

/** Builds a message field by field. */
export class MessageWriter {
  readonly #bytes: number[] = [];

  varint(number: number, value: number): this {
    this.#varint(number * 8);
    // A negative number is written as 64 bits of two's complement.
    if (value < 0)
      for (let big = BigInt.asUintN(64, BigInt(value)); ; big >>= 7n) {
        if (big < 128n) return this.#push(Number(big));
        this.#push(Number(big & 127n) | 128);
      }
    return this.#varint(value);
  }

  float(number: number, value: number): this {
    this.#varint(number * 8 + 5);
    return this.#push(...new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(number: number, value: Uint8Array | string | MessageWriter): this {
    const content =
      typeof value === 'string'
        ? new TextEncoder().encode(value)
        : value instanceof MessageWriter
          ? value.finish()
          : value;
    this.#varint(number * 8 + 2);
    this.#varint(content.length);
    for (const byte of content) this.#bytes.push(byte);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #varint(value: number): this {
    let rest = value;
    while (rest >= 128) {
      this.#bytes.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    return this.#push(rest);
  }

  #push(...bytes: number[]): this {
    this.#bytes.push(...bytes);
    return this;
  }
}

export function damaged(what: string): TokenizerError {
  return new TokenizerError('TOKENIZER_INVALID', `not a usable SentencePiece model: ${what}`);
}
