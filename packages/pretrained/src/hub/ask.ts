import { chunksOf, pause, shown } from '@simvlm/bytes';
import { HubError, isSimVlmError } from '@simvlm/core';
import { Passing, refusal, retryAfter } from './refusal';
import type { HubSettings } from './settings';

/** How the hub is asked. */
export interface HubClient {
  readonly settings: Pick<HubSettings, 'endpoint' | 'token'>;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
  /** Milliseconds before a request that failed is sent again, once for each. Default 500, 1,000, 2,000, 4,000 and 8,000. */
  readonly delays?: readonly number[];
}

const DELAYS = [500, 1000, 2000, 4000, 8000];
/** Seconds. A server that asks for more patience gets an error instead. */
const LONGEST_WAIT = 60;
const MOST_REDIRECTS = 5;

export interface Asking<T> {
  /** Headers of the next try. */
  headers?(): Record<string, string>;
  /** Reads a reply whose status is 2xx, or 416. What it throws is tried again, unless it is an error of ours. */
  take(reply: Response): Promise<T>;
  /** A number that grows as long as tries get anywhere, such as bytes received: the count of tries begins anew. */
  progress?(): number;
}

/**
 * Asks the hub, and where it redirects, that host: the token goes to the hub alone. Each try begins at the hub, as signed addresses of its
 * storage expire. What may be over in a moment (a connection, 429, 5xx) is tried again, after as long as the server says.
 *
 * @throws HubError HUB_NOT_FOUND, HUB_ACCESS, HUB_UNREACHABLE; the signal's reason when it ends the request
 */
export async function askHub<T>(client: HubClient, url: URL, asking: Asking<T>): Promise<T> {
  const { signal, delays = DELAYS } = client;
  let before = asking.progress?.() ?? 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return await asking.take(await reply(client, url, asking.headers?.() ?? {}));
    } catch (error) {
      signal?.throwIfAborted();
      if (isSimVlmError(error)) throw error;
      const now = asking.progress?.() ?? 0;
      if (now > before) attempt = 0;
      before = now;
      const asked = error instanceof Passing ? error.seconds : undefined;
      if (attempt >= delays.length || (asked ?? 0) > LONGEST_WAIT) throw unreachable(url, error);
      await pause(Math.max(delays[attempt]!, (asked ?? 0) * 1000), signal);
    }
  }
}

/** A `fetch` for programs that know the hub's interface: small replies, read whole, with the rules of `askHub`. */
export function hubFetch(client: HubClient): typeof globalThis.fetch {
  return (input, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers));
    const url = new URL(input instanceof Request ? input.url : input);
    return askHub(client, url, {
      headers: () => headers,
      take: async reply =>
        new Response(await reply.arrayBuffer(), { status: reply.status, headers: reply.headers }),
    });
  };
}

/** One reply, after redirects. */
async function reply(client: HubClient, url: URL, headers: Record<string, string>): Promise<Response> {
  const { fetch = globalThis.fetch, settings, signal } = client;
  const { endpoint, token } = settings;
  for (let place = url, count = 0; count <= MOST_REDIRECTS; count++) {
    const isHub = place.origin === endpoint.origin;
    const authorization: Record<string, string> = token && isHub ? { authorization: `Bearer ${token}` } : {};
    const sent = { 'user-agent': 'simvlm', 'accept-encoding': 'identity', ...headers, ...authorization };
    const answer = await fetch(place, { headers: sent, redirect: 'manual', ...(signal && { signal }) });
    if (answer.ok || answer.status === 416) return answer;
    const { status } = answer;
    const to = answer.headers.get('location');
    if (status >= 300 && status < 400 && to) {
      await answer.body?.cancel();
      place = next(place, to);
      continue;
    }
    const seconds = retryAfter(answer.headers.get('retry-after'));
    const said = await beginningOf(answer);
    throw refusal(place, answer, { isHub, hasToken: token !== undefined, said, seconds });
  }
  throw new HubError('HUB_INVALID', `${shown(url)}: the hub redirects more than ${MOST_REDIRECTS} times`);
}

function next(from: URL, to: string): URL {
  const url = URL.canParse(to, from) ? new URL(to, from) : undefined;
  // A page that was reached safely must not send on to one that anybody on the way can change.
  if (!url || !/^https?:$/.test(url.protocol) || (from.protocol === 'https:' && url.protocol !== 'https:'))
    throw new HubError('HUB_INVALID', `${shown(from)}: redirects to an address that is not https`);
  return url;
}

/** What a refusal says of itself, or nothing: an error page may be long. */
async function beginningOf({ body }: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    if (body)
      for await (const chunk of chunksOf(body)) {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > 2000) break;
      }
  } catch {
    // The status says enough.
  }
  return text;
}

function unreachable(url: URL, error: unknown): HubError {
  const { message, cause } = error as Error;
  // Node says "fetch failed", and why in the cause.
  const why = cause instanceof Error && cause.message ? cause.message : message;
  return new HubError('HUB_UNREACHABLE', `${shown(url)}: ${why}; try again later`, { cause: error });
}
