import { CheckpointError } from '@simvlm/core';
import { type ByteSource, byteSource } from '../bytes';
import { BrokenReply, type HttpOptions, request, shown } from './request';

/**
 * A file on a web server, read by HTTP ranges: only the bytes that are asked for are transferred.
 *
 * @param size in bytes, which the server must confirm
 * @returns `read` throws CheckpointError when the server serves no ranges, has a file of another size, or one that changed since the first read
 */
export function httpFile(url: URL, size: number, options: HttpOptions = {}): ByteSource {
  let version: string | undefined;
  const refuse = (what: string) => new CheckpointError('CHECKPOINT_INVALID', `${shown(url)}: ${what}`);

  function check(reply: Response, begin: number, length: number): void {
    if (reply.status === 200) {
      // Without ranges the server sends all of it.
      if (begin !== 0 || length !== size)
        throw refuse('the server sends whole files only (no HTTP ranges); download it first');
    } else {
      const range = reply.headers.get('content-range');
      // A page on another origin may not see this header.
      const match = range === null ? null : /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range);
      if (range !== null && (Number(match?.[1]) !== begin || Number(match?.[2]) !== begin + length - 1))
        throw refuse(`bytes ${begin}-${begin + length - 1} were asked for, and the server sends "${range}"`);
      if (match && match[3] !== '*' && Number(match[3]) !== size)
        throw refuse(`it has ${match[3]} bytes instead of ${size}; use another checkpoint`);
    }
    const tag = reply.headers.get('etag') ?? undefined;
    version ??= tag;
    if (tag !== undefined && tag !== version)
      throw refuse('it was changed while it was read; open the checkpoint again');
  }

  return byteSource(size, (begin, into) =>
    request(url, { range: `bytes=${begin}-${begin + into.length - 1}` }, options, async reply => {
      try {
        check(reply, begin, into.length);
      } catch (error) {
        await reply.body?.cancel();
        throw error;
      }
      await readInto(into, reply);
    }),
  );
}

/** Reads a body that must have as many bytes as there is room for. */
async function readInto(into: Uint8Array, { body }: Response): Promise<void> {
  let at = 0;
  if (body)
    for await (const chunk of chunksOf(body)) {
      if (at + chunk.length > into.length) throw new BrokenReply(`more than ${into.length} bytes came`);
      into.set(chunk, at);
      at += chunk.length;
    }
  if (at < into.length) throw new BrokenReply(`the connection ended after ${at} of ${into.length} bytes`);
}

/** The parts of a stream as they come. Not every browser iterates streams. */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let whole = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        whole = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!whole) await reader.cancel().catch(() => {});
  }
}
