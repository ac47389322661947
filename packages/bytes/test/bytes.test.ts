import { DataError } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { type ByteSource, blobBytes, memoryBytes, openHttpBytes, wholeBytes } from '../src/index';
import { type Handle, serve, serveRange } from './serve';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const files = new Map([['a.bin', bytes]]);

async function part(source: ByteSource, begin: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  await source.read(begin, into);
  return into;
}

describe.each([
  ['memory', async () => memoryBytes(bytes)],
  ['a Blob', async () => blobBytes(new Blob([bytes]))],
  ['a web server', async () => openHttpBytes(new URL(`${(await serve(files)).url}/a.bin`))],
])('bytes in %s', (_, open) => {
  test('are read in part and as a whole', async () => {
    const source = await open();
    expect(source.size).toBe(1000);
    expect(await part(source, 990, 10)).toEqual(bytes.slice(990));
    expect(await wholeBytes(source)).toEqual(bytes);
  });

  test('end where they end: what lies beyond is a DataError', async () => {
    const source = await open();
    await expect(part(source, 995, 6)).rejects.toBeInstanceOf(DataError);
    expect(await part(source, 1000, 0)).toHaveLength(0);
  });
});

describe('a file on a web server', () => {
  const address = (url: string, name: string) => new URL(`${url}/${name}`);

  test('that is not there is DATA_NOT_FOUND', async () => {
    const { url } = await serve(files);
    await expect(openHttpBytes(address(url, 'none.bin'))).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' });
  });

  test('tells its size by its length where a page may not see the range', async () => {
    const withoutRange: Handle = (request, response, file) => {
      if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': 1000 }).end();
      response.removeHeader('content-range');
      const writeHead = response.writeHead.bind(response);
      response.writeHead = ((status: number, headers: Record<string, string>) => {
        const { 'content-range': _, ...rest } = headers;
        return writeHead(status, rest);
      }) as typeof response.writeHead;
      serveRange(request, response, file);
    };
    const { url } = await serve(files, withoutRange);
    const source = await openHttpBytes(address(url, 'a.bin'));
    expect(await part(source, 3, 4)).toEqual(bytes.slice(3, 7));
  });

  test('whose server says no size is refused', async () => {
    const chunked: Handle = (_, response) => void response.writeHead(200).end();
    const { url } = await serve(files, (request, response, file) => {
      if (request.method === 'HEAD') response.setHeader('transfer-encoding', 'chunked');
      chunked(request, response, file);
    });
    await expect(openHttpBytes(address(url, 'a.bin'))).rejects.toThrow(/does not say how large/);
  });
});
