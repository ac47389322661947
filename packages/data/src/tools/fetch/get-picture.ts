import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { ImageError } from '@simvlm/core';
import { pictureFormat, readImageHeader } from '@simvlm/image';
import { FetchFailure } from './failure';
import { optsOut } from './opt-out';
import { checkHost, publicLookup } from './public-network';

export interface GetOptions {
  readonly userAgent: string;
  /** Milliseconds for one try, from the look-up of the name to the last byte. */
  readonly timeout: number;
  readonly maxBytes: number;
  /** Private addresses are asked too. */
  readonly allowPrivate: boolean;
  readonly agents: Agents;
  /** Ends the try. */
  readonly signal: AbortSignal;
}

/** Connections that are kept open. */
interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What may be over in a moment: too many requests, a server that restarts. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Bytes by which a picture is told from a page, before the rest is read. */
const SNIFFED = 1024;

/**
 * Asks for a picture once, and follows redirects. What comes is read no further than needed to know that it is no picture, or too large.
 *
 * @throws FetchFailure
 */
export async function getPicture(address: string, options: GetOptions): Promise<Uint8Array> {
  options.signal.throwIfAborted();
  // Not AbortSignal.any: what it notes in a signal that outlives all tries stays there.
  const end = new AbortController();
  const stop = () => end.abort();
  options.signal.addEventListener('abort', stop);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, options.timeout);
  try {
    let url = parsed(address);
    for (let redirects = 0; ; redirects++) {
      const reply = await ask(url, options, end.signal);
      try {
        const { location } = reply.headers;
        if (!REDIRECTS.has(reply.statusCode!) || location === undefined)
          return await take(reply, options.maxBytes);
        if (redirects === MOST_REDIRECTS) throw new FetchFailure('too many redirects');
        url = parsed(location, url);
      } finally {
        // One that was read to its end stays open for the next request.
        if (!reply.complete) reply.destroy();
        else reply.resume();
      }
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof FetchFailure) throw error;
    if (isLate) throw new FetchFailure('timeout', { passes: true });
    throw connectionFailure(error);
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', stop);
  }
}

function parsed(address: string, from?: URL): URL {
  const url = URL.canParse(address, from) ? new URL(address, from) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new FetchFailure('not an http address');
}

function ask(
  url: URL,
  { agents, userAgent, allowPrivate }: GetOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  if (!allowPrivate) checkHost(url);
  const isSecure = url.protocol === 'https:';
  // A packed body would be no picture by its first bytes.
  const headers = { 'user-agent': userAgent, accept: 'image/*,*/*;q=0.5', 'accept-encoding': 'identity' };
  const how = { headers, signal, ...(!allowPrivate && { lookup: publicLookup }) };
  return new Promise((resolve, reject) => {
    const request = isSecure
      ? https.request(url, { ...how, agent: agents.https })
      : http.request(url, { ...how, agent: agents.http });
    request.on('response', resolve).on('error', reject).end();
  });
}

async function take(reply: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const status = reply.statusCode!;
  if (status !== 200)
    throw new FetchFailure(`http ${status}`, {
      passes: TRANSIENT.has(status),
      waitFor: retryAfter(reply.headers['retry-after']),
    });
  if (optsOut(reply.rawHeaders)) throw new FetchFailure('opted out (X-Robots-Tag)');
  if (Number(reply.headers['content-length'] ?? 0) > maxBytes) throw new FetchFailure('too many bytes');
  const parts: Uint8Array[] = [];
  let size = 0;
  let isSniffed = false;
  for await (const part of reply as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > maxBytes) throw new FetchFailure('too many bytes');
    if (!isSniffed && size >= SNIFFED) {
      if (pictureFormat(Buffer.concat(parts)) === undefined) throw new FetchFailure('not a picture');
      isSniffed = true;
    }
  }
  const bytes = new Uint8Array(Buffer.concat(parts));
  checkPicture(bytes);
  return bytes;
}

/** @throws FetchFailure for what is no picture by its header, or has more pixels than are ever decoded */
function checkPicture(bytes: Uint8Array): void {
  try {
    readImageHeader(bytes);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new FetchFailure(error.code === 'IMAGE_TOO_LARGE' ? 'too many pixels' : 'not a picture');
  }
}

/** Milliseconds, from seconds or a date. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value.trim()) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** In the words of a report. A name that is not there will not be there in a moment. */
function connectionFailure(error: unknown): FetchFailure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND') return new FetchFailure('no such host');
  if (code === 'ECONNRESET' || message === 'aborted')
    return new FetchFailure('connection broke off', { passes: true });
  if (code === 'ECONNREFUSED') return new FetchFailure('connection refused', { passes: true });
  return new FetchFailure(`connection failed${code ? ` (${code})` : ''}`, { passes: true });
}
