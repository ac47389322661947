import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Answers a request for a file, or for one that is not there. */
export type Handle = (
  request: IncomingMessage,
  response: ServerResponse,
  file: Uint8Array | undefined,
) => void;

export interface Serving {
  readonly url: string;
  /** Paths of the requests, in order. */
  readonly requests: string[];
  /** Bytes of all bodies that were sent. */
  readonly sent: () => number;
}

/** First and last byte that a request asks for. */
export const range = (request: IncomingMessage) => /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');

/** As a server of static files does it. */
export const serveRange: Handle = (request, response, file) => {
  if (!file) return void response.writeHead(404).end();
  const match = range(request);
  if (!match) return void response.writeHead(200, { 'content-length': file.length }).end(file);
  const [begin, end] = [Number(match[1]), Number(match[2])];
  response.writeHead(206, {
    'content-range': `bytes ${begin}-${end}/${file.length}`,
    'content-length': end + 1 - begin,
    etag: '"1"',
  });
  response.end(file.subarray(begin, end + 1));
};

/** A web server of a folder's files for the test that runs. */
export async function serve(
  files: ReadonlyMap<string, Uint8Array>,
  handle: Handle = serveRange,
): Promise<Serving> {
  const requests: string[] = [];
  let sent = 0;
  const server: Server = createServer((request, response) => {
    requests.push(request.url!);
    const end = response.end.bind(response);
    response.end = ((body?: Uint8Array) => {
      sent += body?.length ?? 0;
      return end(body);
    }) as typeof response.end;
    const { pathname } = new URL(request.url!, 'http://localhost');
    handle(request, response, files.get(decodeURIComponent(pathname.replace('/run/', ''))));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/run`,
    requests,
    sent: () => sent,
  };
}
