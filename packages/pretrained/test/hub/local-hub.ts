import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerHub, type HubReply, type HubRequest } from './hub-replies';
import { type LocalRepository, repositoryOf } from './repository';

/** What goes wrong with a request: it is refused, or the connection ends after so many bytes of the body. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly cutAfter: number };

export interface LocalHubOptions {
  /** What `Authorization` must say for private and gated repositories. */
  readonly token?: string;
  /** Entries on one page of a listing. Default 2, so that listings have pages. */
  readonly pageSize?: number;
  /** Asked for each request. */
  fault?(request: HubRequest): Fault | undefined;
}

/** A server that behaves like huggingface.co, with the host for large files that it redirects to. */
export interface LocalHub {
  /** For `HF_ENDPOINT`. */
  readonly url: string;
  /** All requests, in order. */
  readonly requests: HubRequest[];
  /** Adds a repository, or a commit to one. Gives the commit. */
  push(repository: LocalRepository): string;
  close(): Promise<void>;
}

/**
 * Starts a hub on this machine. Small files come from the hub, those of Git LFS from another origin, under addresses that are signed: a token
 * that is sent there is an error.
 */
export async function startHub({ token, pageSize = 2, fault }: LocalHubOptions = {}): Promise<LocalHub> {
  const repositories = new Map<string, ReturnType<typeof repositoryOf>>();
  const requests: HubRequest[] = [];
  const storage = { url: '' };
  const hub = { url: '' };
  const handle = (host: HubRequest['host']) => (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { authorization, range } = incoming.headers;
    const request = { host, method: incoming.method!, path: incoming.url!, authorization, range };
    requests.push(request);
    const fails = fault?.(request);
    if (fails && 'status' in fails)
      return void outgoing.writeHead(fails.status, fails.headers).end(fails.body);
    const reply = answerHub(request, { repositories, token, pageSize, hub: hub.url, storage: storage.url });
    send(outgoing, reply, request, fails?.cutAfter);
  };
  const servers = [createServer(handle('hub')), createServer(handle('storage'))];
  [hub.url, storage.url] = (await Promise.all(servers.map(listen))) as [string, string];
  return {
    url: hub.url,
    requests,
    push(given) {
      const repository = repositoryOf(given, repositories.get(given.name));
      repositories.set(given.name, repository);
      return repository.branches.get(given.branch ?? 'main')!;
    },
    async close() {
      await Promise.all(
        servers.map(server => {
          server.closeAllConnections();
          return new Promise(resolve => server.close(resolve));
        }),
      );
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(
  outgoing: ServerResponse,
  { status, headers = {}, body = new Uint8Array() }: HubReply,
  { method, range }: HubRequest,
  cutAfter: number | undefined,
): void {
  const match = status === 200 ? /^bytes=(\d+)-(\d*)$/.exec(range ?? '') : null;
  const [begin, end] = match ? [Number(match[1]), Number(match[2] || body.length - 1)] : [0, body.length - 1];
  if (match && begin >= body.length)
    return void outgoing.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
  const part = body.subarray(begin, end + 1);
  const ranged = match ? { 'content-range': `bytes ${begin}-${end}/${body.length}` } : {};
  // A page of another origin may read what the hub sends.
  const common = {
    'access-control-allow-origin': '*',
    'accept-ranges': 'bytes',
    'content-length': part.length,
  };
  outgoing.writeHead(match ? 206 : status, { ...common, ...ranged, ...headers });
  if (method === 'HEAD') return void outgoing.end();
  if (cutAfter === undefined) return void outgoing.end(part);
  outgoing.write(part.subarray(0, cutAfter), () => outgoing.destroy());
}
