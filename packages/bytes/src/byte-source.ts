import { DataError } from '@simvlm/core';

/** Bytes read or written at once, at most: no buffer is ever as large as a model. */
export const CHUNK_BYTES = 16 * 2 ** 20;

/** What a file is to hold, before it is written: its size is known, its bytes come in order, in parts. */
export interface FileContent {
  /** In bytes. */
  readonly size: number;
  /** All bytes in order, `CHUNK_BYTES` or fewer at a time. A part may be reused by its giver once the next is asked for. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Bytes that can be read in part: a file, a `Blob`, memory. */
export interface ByteSource extends FileContent {
  /**
   * Fills `into` with the bytes from `begin` on.
   *
   * @throws DataError when there are fewer
   */
  read(begin: number, into: Uint8Array): Promise<void>;
}

/** Bytes in memory as a source. They are not copied. */
export function memoryBytes(bytes: Uint8Array): ByteSource {
  return byteSource(bytes.length, async (begin, into) => {
    into.set(bytes.subarray(begin, begin + into.length));
  });
}

/**
 * A source from what reads a part of it.
 *
 * @param size in bytes
 * @param read fills `into` whole; it is never asked for more than there is
 */
export function byteSource(size: number, read: ByteSource['read']): ByteSource {
  const source: ByteSource = {
    size,
    async read(begin, into) {
      if (begin < 0 || begin + into.length > size)
        throw new DataError(
          'DATA_INVALID',
          `bytes ${begin} to ${begin + into.length} were asked for, and there are ${size}`,
        );
      if (into.length > 0) await read(begin, into);
    },
    async *chunks() {
      const buffer = new Uint8Array(Math.min(size, CHUNK_BYTES));
      for (let at = 0; at < size; at += buffer.length) {
        const part = buffer.subarray(0, Math.min(buffer.length, size - at));
        await source.read(at, part);
        yield part;
      }
    },
  };
  return source;
}

/** A `Blob`, such as a file that somebody chose in a browser, as a source. */
export function blobBytes(blob: Sliceable): ByteSource {
  return byteSource(blob.size, async (begin, into) => {
    into.set(new Uint8Array(await blob.slice(begin, begin + into.length).arrayBuffer()));
  });
}

/** What is used of a `Blob`. */
export interface Sliceable {
  readonly size: number;
  slice(begin: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** All bytes of a content as one array: for small files. */
export async function wholeBytes(content: FileContent): Promise<Uint8Array> {
  const bytes = new Uint8Array(content.size);
  let at = 0;
  for await (const chunk of content.chunks()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
