import { type Remote, wrap } from 'comlink';
import type { Fetcher } from './fetcher';
import FetcherWorker from './fetcher?worker';

let fetcher: Remote<Fetcher> | undefined;

/** `fetch` by the worker that may ask other machines, which is started with the first request. Ranges come as a whole. */
export const remoteFetch: typeof fetch = async (input, { method = 'GET', headers } = {}) => {
  fetcher ??= wrap<Fetcher>(new FetcherWorker());
  const { body, ...parts } = await fetcher.fetch(
    String(input),
    method,
    Object.fromEntries(new Headers(headers)),
  );
  const init = { ...parts, headers: parts.headers.map(([name, value]): [string, string] => [name, value]) };
  return new Response(body.byteLength === 0 ? null : body, init);
};
