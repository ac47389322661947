import { type ByteSource, byteSource } from './byte-source';
import { BrokenReply, dataErrors, type HttpOptions, request, type SourceErrors, shown } from './request';

/**
 * A file on a web server, read by HTTP ranges: only the bytes that are asked for are transferred.
 *
 * @param size in bytes, which the server must confirm
 * @returns `read` throws what `errors` makes when the server serves no ranges, has a file of another size, or one that changed since the
 *   first read
 */
export function httpBytes(
  url: URL,
  size: number,
  options: HttpOptions = {},
  errors: SourceErrors = dataErrors,
): ByteSource {
  let version: string | undefined;
  const refuse = (what: string) => errors.invalid(`${shown(url)}: ${what}`);

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
        throw refuse(`it has ${match[3]} bytes instead of ${size}; it is another file`);
    }
    const tag = reply.headers.get('etag') ?? undefined;
    version ??= tag;
    if (tag !== undefined && tag !== version) throw refuse('it was changed while it was read; open it again');
  }

  return byteSource(size, (begin, into) => {
    const headers = { range: `bytes=${begin}-${begin + into.length - 1}` };
    const take = async (reply: Response) => {
      try {
        check(reply, begin, into.length);
      } catch (error) {
        await reply.body?.cancel();
        throw error;
      }
      await readInto(into, reply);
    };
    return request(url, { headers }, options, take, errors);
  });
}

/**
 * As `httpBytes`, for a file whose size is not known: the server is asked.
 *
 * @throws DataError when there is no such file, or the server does not say its size
 */
export async function openHttpBytes(url: URL, options: HttpOptions = {}): Promise<ByteSource> {
  const stated = await request(url, { headers: { range: 'bytes=0-0' } }, options, async reply => {
    await reply.body?.cancel();
    return reply.headers.get('content-range');
  });
  const size = /^bytes \d+-\d+\/(\d+)$/.exec(stated ?? '')?.[1] ?? (await contentLength(url, options));
  if (size === null || !/^\d+$/.test(size))
    throw dataErrors.invalid(
      `${shown(url)}: the server does not say how large the file is; download it first`,
    );
  return httpBytes(url, Number(size), options);
}

/** A page on another origin may see this header, and not `content-range`. */
function contentLength(url: URL, options: HttpOptions): Promise<string | null> {
  return request(url, { method: 'HEAD' }, options, async reply => reply.headers.get('content-length'));
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
