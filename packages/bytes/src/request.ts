import { DataError, isSimVlmError, type MakeError } from '@simvlm/core';

/** How a server is asked. */
export interface HttpOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent with each request, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends requests that are under way. */
  readonly signal?: AbortSignal;
  /** Milliseconds before a request that failed is tried again, once for each. Default 500, 1,000 and 2,000. */
  readonly delays?: readonly number[];
}

/** The errors of what is read, so that a checkpoint gives a CheckpointError and data a DataError. */
export interface SourceErrors {
  /** There is no such file. */
  readonly notFound: MakeError;
  /** It cannot be reached or read, or is not what it should be. */
  readonly invalid: MakeError;
}

/** DATA_NOT_FOUND and DATA_INVALID. */
export const dataErrors: SourceErrors = {
  notFound: (message, options) => new DataError('DATA_NOT_FOUND', message, options),
  invalid: (message, options) => new DataError('DATA_INVALID', message, options),
};

const DELAYS = [500, 1000, 2000];

/** What a request says besides its address and the headers of its options. */
interface RequestParts {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
}

/** What may be over in a moment: too many requests, a server that restarts. */
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);

/** A reply that another try may better: its body broke off, or its status passes. */
export class BrokenReply extends Error {}

/**
 * Sends a request, GET by default, and takes its reply. What fails on the way, or is likely to be over in a moment, is tried again.
 *
 * @param take reads the reply; it may throw `BrokenReply`
 * @throws `errors.notFound` for 404, else `errors.invalid` with the server's status or the connection's error; the signal's reason when it
 *   ends the request
 */
export async function request<T>(
  url: URL,
  { method = 'GET', headers = {} }: RequestParts,
  options: HttpOptions,
  take: (reply: Response) => Promise<T>,
  errors: SourceErrors = dataErrors,
): Promise<T> {
  const { fetch = globalThis.fetch, signal, delays = DELAYS } = options;
  // A packed body would have other places than the file.
  const sent = { ...options.headers, 'accept-encoding': 'identity', ...headers };
  for (let attempt = 0; ; attempt++) {
    try {
      const reply = await fetch(url, { method, headers: sent, ...(signal && { signal }) });
      if (reply.ok) return await take(reply);
      await reply.body?.cancel();
      throw refusal(url, reply, errors);
    } catch (error) {
      signal?.throwIfAborted();
      if (isSimVlmError(error)) throw error;
      if (attempt >= delays.length) throw unreachable(url, error, errors);
      await pause(delays[attempt]!, signal);
    }
  }
}

/** An address for people: without what may be secret, a user's name and a signature. */
export function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function refusal(url: URL, { status, statusText }: Response, { notFound, invalid }: SourceErrors): Error {
  const answer = `the server answers ${status}${statusText ? ` ${statusText}` : ''}`;
  if (TRANSIENT.has(status)) return new BrokenReply(answer);
  return (status === 404 ? notFound : invalid)(`${shown(url)}: ${answer}`);
}

function unreachable(url: URL, error: unknown, { invalid }: SourceErrors): Error {
  const { message, cause } = error as Error;
  // Node says "fetch failed", and why in the cause.
  const why = cause instanceof Error && cause.message ? cause.message : message;
  return invalid(`${shown(url)}: cannot be read: ${why}`, { cause: error });
}

/** Waits before another try. @throws the signal's reason when it ends the wait */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}
