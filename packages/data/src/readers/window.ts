import type { ByteSource } from '@simvlm/bytes';

/** Bytes read ahead: small records come many at a time. */
export const AHEAD = 256 * 2 ** 10;

/** Bytes read ahead where each read is a request to a server. */
export const AHEAD_REMOTE = 4 * 2 ** 20;

/** Bytes with places, of which what is asked for need not be there. */
export interface PlacedBytes {
  /** The bytes from `begin` on: `length`, or fewer at the end. They stay as they are until the next call. */
  read(begin: number, length: number): Promise<Uint8Array>;
}

/** Reads a source in parts that begin where they are asked for; what follows comes along. */
export class Window implements PlacedBytes {
  readonly #source: ByteSource;
  readonly #ahead: number;
  #begin = 0;
  #bytes = new Uint8Array(0);

  /** @param ahead bytes of a read, at least */
  constructor(source: ByteSource, ahead = AHEAD) {
    this.#source = source;
    this.#ahead = ahead;
  }

  /** The bytes from `begin` on that are held anyway; at least one, unless the source ends there. */
  async held(begin: number): Promise<Uint8Array> {
    const held = this.#begin + this.#bytes.length;
    return this.read(begin, begin >= this.#begin && begin < held ? held - begin : 1);
  }

  async read(begin: number, length: number): Promise<Uint8Array> {
    const end = Math.min(begin + length, this.#source.size);
    if (begin >= end) return new Uint8Array(0);
    const held = this.#begin + this.#bytes.length;
    if (begin < this.#begin || end > held) {
      const bytes = new Uint8Array(Math.min(Math.max(end - begin, this.#ahead), this.#source.size - begin));
      await this.#source.read(begin, bytes);
      this.#begin = begin;
      this.#bytes = bytes;
    }
    return this.#bytes.subarray(begin - this.#begin, end - this.#begin);
  }
}
