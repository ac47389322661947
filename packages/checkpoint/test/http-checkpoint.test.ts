import type { HttpOptions } from '@simvlm/bytes';
import { describe, expect, test } from 'vitest';
import { type Handle, range, serve, serveRange } from '../../bytes/test/serve';
import { checkpointFolder } from '../src/browser';
import { collect, fileOf, openHttpCheckpoint, openTensors, tensorFiles, tensorSources } from '../src/index';
import { errorOf } from './error-of';

const quick: HttpOptions = { delays: [1, 1] };

const numbers = (length: number, first: number) => Float32Array.from({ length }, (_, i) => first + i / 8);

/** Tensors in shards, and the folder that holds them. */
async function folder(count: number, length = 64, shardBytes = 2 ** 30) {
  const tensors = Array.from({ length: count }, (_, i): [string, Float32Array] => [
    `layer.${i}`,
    numbers(length, i),
  ]);
  const sources = tensorSources(tensors.map(([name, values]) => [name, { shape: [length], values }]));
  const contents = await collect(new Map(tensorFiles('weights', sources, { shardBytes })));
  contents.set('notes é.json', new TextEncoder().encode('{"a":1}'));
  return { tensors: new Map(tensors), files: await checkpointFolder(contents) };
}

describe('a checkpoint on a web server', () => {
  test('gives its tensors, from shards, and its small files verified', async () => {
    const { tensors, files } = await folder(20, 64, 1000);
    const { url } = await serve(files);
    const checkpoint = await openHttpCheckpoint(url);
    expect(checkpoint.where).toBe(url);
    expect(new TextDecoder().decode(await fileOf(checkpoint, 'notes é.json'))).toBe('{"a":1}');
    const opened = await openTensors(checkpoint, 'weights');
    expect([...opened.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, values] of tensors) expect(await opened.tensors.get(name)!.read()).toEqual(values);
    await checkpoint.verify('weights-00001-of-00007.safetensors');
  });

  test('512 tensors of a large sharded one take at most 1.05 times their bytes, whatever else it holds', async () => {
    const { tensors, files } = await folder(2048, 4096, 4 * 2 ** 20);
    const { url, sent } = await serve(files);
    const { tensors: opened } = await openTensors(await openHttpCheckpoint(url), 'weights');
    const chosen = [...tensors.keys()].filter((_, i) => i % 4 === 1);
    expect(chosen).toHaveLength(512);
    for (const name of chosen) expect((await opened.get(name)!.read())[0]).toBe(tensors.get(name)![0]);
    expect(sent()).toBeLessThanOrEqual(1.05 * 512 * 4 * 4096);
  });

  test('a query is sent with every request, and stays out of messages', async () => {
    const { files } = await folder(1);
    const { url, requests } = await serve(files);
    const checkpoint = await openHttpCheckpoint(`${url}/?signature=secret`);
    await openTensors(checkpoint, 'weights');
    expect(requests.every(path => path.endsWith('?signature=secret'))).toBe(true);
    expect(requests.length).toBeGreaterThan(2);
    expect(checkpoint.where).not.toContain('secret');
  });

  test('headers are sent', async () => {
    const { files } = await folder(1);
    const { url } = await serve(files, (request, response, file) => {
      if (request.headers.authorization !== 'Bearer me') response.writeHead(401).end();
      else serveRange(request, response, file);
    });
    await expect(openHttpCheckpoint(url, quick)).rejects.toThrow(/manifest.json: the server answers 401/);
    const checkpoint = await openHttpCheckpoint(url, { headers: { authorization: 'Bearer me' } });
    await expect(openTensors(checkpoint, 'weights')).resolves.toBeDefined();
  });

  test('what is over in a moment is tried again: a busy server, a connection that breaks off', async () => {
    const { tensors, files } = await folder(1);
    let count = 0;
    const { url, requests } = await serve(files, (request, response, file) => {
      count++;
      if (count === 1) response.writeHead(503).end();
      else if (count === 3) response.socket!.destroy();
      else if (count === 5) {
        const match = range(request)!;
        response.writeHead(206, {
          'content-range': `bytes ${match[1]}-${match[2]}/${file!.length}`,
          'content-length': 8,
        });
        response.write(file!.subarray(0, 3), () => response.socket!.destroy());
      } else serveRange(request, response, file);
    });
    const { tensors: opened } = await openTensors(await openHttpCheckpoint(url, quick), 'weights');
    expect(await opened.get('layer.0')!.read()).toEqual(tensors.get('layer.0'));
    expect(requests.length).toBe(7);
  });

  test('a server that stays busy is an error after the last try', async () => {
    const { url, requests } = await serve(new Map(), (_, response) => response.writeHead(503).end());
    await expect(openHttpCheckpoint(url, quick)).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
      message: `${url}/manifest.json: cannot be read: the server answers 503 Service Unavailable`,
    });
    expect(requests.length).toBe(3);
  });

  test('ends when it is called off, and does not try again', async () => {
    const { files } = await folder(1);
    const { url, requests } = await serve(files, () => {});
    const controller = new AbortController();
    const opening = openHttpCheckpoint(url, { signal: controller.signal });
    while (requests.length === 0) await new Promise(resolve => setTimeout(resolve, 1));
    controller.abort(new Error('called off'));
    await expect(opening).rejects.toThrow('called off');
    expect(requests.length).toBe(1);
  });

  test.each<[string, Handle, RegExp]>([
    [
      'sends whole files only',
      (_, response, file) => response.writeHead(200).end(file),
      /weights\.safetensors: the server sends whole files only \(no HTTP ranges\)/,
    ],
    [
      'has a longer file than the manifest states',
      (request, response, file) => serveRange(request, response, Uint8Array.from([...file!, 0])),
      /it has \d+ bytes instead of \d+/,
    ],
    [
      'sends another range',
      (request, response, file) => {
        const match = range(request)!;
        response.writeHead(206, { 'content-range': `bytes 0-3/${file!.length}` });
        response.end(file!.subarray(Number(match[1]), Number(match[2]) + 1));
      },
      /were asked for, and the server sends "bytes 0-3/,
    ],
    [
      'changes the file while it is read',
      (() => {
        let count = 0;
        return (request, response, file) => {
          const match = range(request)!;
          const [begin, end] = [Number(match[1]), Number(match[2])];
          response.writeHead(206, {
            'content-range': `bytes ${begin}-${end}/${file!.length}`,
            etag: `"${++count}"`,
          });
          response.end(file!.subarray(begin, end + 1));
        };
      })() as Handle,
      /it was changed while it was read/,
    ],
    [
      'sends less than it was asked for',
      (request, response, file) => {
        const match = range(request)!;
        response.writeHead(206, { 'content-range': `bytes ${match[1]}-${match[2]}/${file!.length}` });
        response.end(file!.subarray(Number(match[1]), Number(match[2])));
      },
      /cannot be read: the connection ended after 7 of 8 bytes/,
    ],
  ])('a server that %s is refused', async (_, handle, message) => {
    const { files } = await folder(1);
    const { url } = await serve(files, (request, response, file) =>
      request.headers.range ? handle(request, response, file) : serveRange(request, response, file),
    );
    const checkpoint = await openHttpCheckpoint(url, quick);
    const error = await errorOf(openTensors(checkpoint, 'weights'));
    expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID', message: expect.stringMatching(message) });
  });

  test('a changed tensor file is found by verify, a changed small file when it is read', async () => {
    const { files } = await folder(1);
    const changed = new Map([...files].map(([name, bytes]) => [name, bytes.slice()]));
    for (const name of ['weights.safetensors', 'notes é.json'])
      changed.get(name)![changed.get(name)!.length - 1]! ^= 1;
    const { url } = await serve(changed);
    const checkpoint = await openHttpCheckpoint(url);
    await expect(checkpoint.verify('weights.safetensors')).rejects.toThrow(
      'was changed after it was written',
    );
    await expect(fileOf(checkpoint, 'notes é.json')).rejects.toThrow('was changed after it was written');
  });

  test('an address without a checkpoint is refused', async () => {
    const { url } = await serve(new Map());
    await expect(openHttpCheckpoint(url)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    await expect(openHttpCheckpoint('runs/mine')).rejects.toThrow(
      '"runs/mine" is no address of a checkpoint',
    );
    await expect(openHttpCheckpoint('ftp://x/y')).rejects.toThrow('over http or https, not ftp');
    await expect(openHttpCheckpoint('http://127.0.0.1:9', { delays: [] })).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
    });
  });
});
