import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { pngHeader } from './fixture';

export interface PictureServer {
  readonly url: string;
  /** Paths of the requests, in order. */
  readonly requests: string[];
  /** Requests that were open at once, at most. */
  readonly most: () => number;
}

type Answer = (response: ServerResponse, request: IncomingMessage, times: number) => void;

const picture = (response: ServerResponse, n = 0) => {
  const bytes = pngHeader(20, 10, n);
  response.writeHead(200, { 'content-type': 'image/png', 'content-length': bytes.length }).end(bytes);
};

/** What servers of the web do. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/missing.png': response => response.writeHead(404).end('<html>not here</html>'),
  '/busy.png': (response, _, times) =>
    times < 3 ? response.writeHead(429, { 'retry-after': '0' }).end() : picture(response),
  '/closed.png': response => response.writeHead(429, { 'retry-after': '86400' }).end(),
  '/broken.png': response => response.writeHead(503).end(),
  '/moved.png': response => response.writeHead(302, { location: '/1.png' }).end(),
  '/circle.png': response => response.writeHead(301, { location: '/circle.png' }).end(),
  '/file.png': response => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/page.png': response => response.writeHead(200).end(`<html>${' '.repeat(5000)}</html>`),
  '/drawing.png': response => response.writeHead(200).end('<svg xmlns="http://www.w3.org/2000/svg"></svg>'),
  '/empty.png': response => response.writeHead(200).end(),
  '/opted-out.png': response => {
    response.setHeader('x-robots-tag', ['otherbot: noindex', 'noai']);
    picture(response);
  },
  '/giant.png': response => {
    response.writeHead(200, { 'content-length': 5 * 2 ** 30 }).flushHeaders();
    response.write(pngHeader(20, 10));
  },
  '/endless.png': response => {
    response.writeHead(200);
    response.write(pngHeader(20, 10));
    const more = () => {
      while (response.writable && response.write(Buffer.alloc(65536)));
    };
    response.on('drain', more);
    more();
  },
  '/pixels.png': response => response.writeHead(200).end(pngHeader(100_000, 100_000)),
  '/cut.png': response => {
    response.writeHead(200, { 'content-length': 5000 });
    response.write(pngHeader(20, 10), () => response.destroy());
  },
  '/silent.png': () => {},
};

/** A web server for the test that runs. `/N.png` is a picture of its own; `wait` delays those. */
export async function pictureServer(wait: () => Promise<void> = async () => {}): Promise<PictureServer> {
  const requests: string[] = [];
  let [open, most] = [0, 0];
  const server = createServer((request, response) => {
    const path = request.url!;
    requests.push(path);
    most = Math.max(most, ++open);
    response.on('close', () => open--);
    const answer = ANSWERS[path];
    if (answer) answer(response, request, requests.filter(each => each === path).length);
    else void wait().then(() => picture(response, Number(/\d+/.exec(path)?.[0])));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, most: () => most };
}
