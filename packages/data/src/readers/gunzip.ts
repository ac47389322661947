import type { ByteSource } from '@simvlm/bytes';
import { DataError, isSimVlmError, joinedBytes } from '@simvlm/core';
import { AHEAD, type PlacedBytes } from './window';

/** Whether bytes begin as gzip's do. The name of a file says nothing. */
export function isGzip(first: Uint8Array): boolean {
  return first[0] === 0x1f && first[1] === 0x8b;
}

/** The unpacked bytes of a gzip file, which can only be read onwards: places must not go back. */
export class Gunzipped implements PlacedBytes {
  readonly #name: string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** The place of the first byte that is held. */
  #begin = 0;
  #held: Uint8Array[] = [];
  #length = 0;
  #ended = false;

  /**
   * @param name for messages
   * @param ahead packed bytes that are read at once
   */
  constructor(source: ByteSource, name: string, ahead = AHEAD) {
    this.#name = name;
    this.#reader = streamOf(source, ahead).pipeThrough(new DecompressionStream('gzip')).getReader();
  }

  /** @throws DataError when the file is cut off or damaged */
  async read(begin: number, length: number): Promise<Uint8Array> {
    this.#drop(begin);
    while (!this.#ended && this.#begin + this.#length < begin + length) {
      await this.#more();
      this.#drop(begin);
    }
    const bytes = joinedBytes(this.#held);
    this.#held = [bytes];
    const from = Math.min(begin - this.#begin, bytes.length);
    return bytes.subarray(from, from + length);
  }

  /** Reads to the end, so that the checksum of the whole is checked. @throws DataError as `read` */
  async drain(): Promise<void> {
    while (!this.#ended) {
      this.#drop(this.#begin + this.#length);
      await this.#more();
    }
  }

  /** Ends the stream where the file is not read to its end. */
  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async #more(): Promise<void> {
    let next: ReadableStreamReadResult<Uint8Array>;
    try {
      next = await this.#reader.read();
    } catch (error) {
      if (isSimVlmError(error)) throw error;
      const place = `after ${this.#begin + this.#length} unpacked bytes`;
      throw new DataError(
        'DATA_INVALID',
        `${this.#name}: the gzip file is cut off or damaged ${place}; fetch it again`,
        { cause: error, file: this.#name },
      );
    }
    this.#ended = next.done;
    if (next.done) return;
    this.#held.push(next.value);
    this.#length += next.value.length;
  }

  /** Lets go of what lies before a place, by whole parts. */
  #drop(begin: number): void {
    for (let first = this.#held[0]; first && this.#begin + first.length <= begin; first = this.#held[0]) {
      this.#held.shift();
      this.#begin += first.length;
      this.#length -= first.length;
    }
  }
}

/** Not every browser makes a stream of an iterator. */
function streamOf(source: ByteSource, ahead: number): ReadableStream<BufferSource> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at === source.size) return controller.close();
      const part = new Uint8Array(Math.min(ahead, source.size - at));
      await source.read(at, part);
      at += part.length;
      controller.enqueue(part);
    },
  });
}
