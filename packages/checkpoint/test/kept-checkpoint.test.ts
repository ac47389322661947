import { type Checkpoint, fileOf } from '@simvlm/checkpoint';
import { checkpointFolder, type FileCache, openKeptCheckpoint } from '@simvlm/checkpoint/browser';
import { describe, expect, test } from 'vitest';
import { type Handle, serve, serveRange } from '../../bytes/test/serve';

/** A browser's store as tests need it: keys are addresses. */
function fakeCache(): FileCache & { readonly kept: Map<string, Uint8Array<ArrayBuffer>> } {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    kept,
    match: async key => {
      const bytes = kept.get(String(key));
      return bytes && new Response(bytes);
    },
    put: async (key, reply) => void kept.set(String(key), new Uint8Array(await reply.arrayBuffer())),
    keys: async () => [...kept.keys()].map(url => new Request(url)),
    delete: async key => kept.delete(String(key)),
  };
}

const small = new TextEncoder().encode('{"a":1}');
/** More than one request. */
const large = (seed: number) => Uint8Array.from({ length: 5 * 2 ** 20 }, (_, i) => (i * seed) & 255);
/** Which of them bytes are: to compare them one by one takes the test runner seconds. */
const seedOf = (bytes: Uint8Array) => [3, 5, 7].find(seed => Buffer.compare(bytes, large(seed)) === 0);
const folderOf = (seed: number) =>
  checkpointFolder(
    new Map([
      ['model.json', small],
      ['weights.safetensors', large(seed)],
      ['optimizer.safetensors', new Uint8Array(1000)],
    ]),
  );

/** A server whose files and manners a test changes. */
async function useServer() {
  const state = { files: await folderOf(3), handle: serveRange as Handle };
  const name = (url: string) => decodeURIComponent(new URL(url, 'http://any').pathname.replace('/run/', ''));
  const server = await serve(new Map(), (request, response) =>
    state.handle(request, response, state.files.get(name(request.url!))),
  );
  return { state, server, cache: fakeCache() };
}

async function bytesOf(checkpoint: Checkpoint, name = 'weights.safetensors'): Promise<Uint8Array> {
  const file = await checkpoint.file(name);
  const bytes = new Uint8Array(file.size);
  await file.read(0, bytes);
  return bytes;
}

describe('a checkpoint that a page keeps', () => {
  test('is downloaded once, file by file, as files are asked for', async () => {
    const { server, cache } = await useServer();
    const told: [string, number][] = [];
    const onBytes = (name: string, bytes: number) => void told.push([name, bytes]);
    const first = await openKeptCheckpoint(server.url, { cache, onBytes });
    expect(server.requests).toEqual(['/run/manifest.json']);
    expect(seedOf(await bytesOf(first))).toBe(3);
    expect(told).toEqual([
      ['weights.safetensors', 4 * 2 ** 20],
      ['weights.safetensors', 5 * 2 ** 20],
    ]);
    const requests = server.requests.length;
    const second = await openKeptCheckpoint(server.url, { cache });
    expect(seedOf(await bytesOf(second))).toBe(3);
    expect(server.requests.length - requests).toBe(1);
    // What nobody asked for was never sent.
    expect(server.requests.join()).not.toContain('optimizer');
    expect(await fileOf(second, 'model.json')).toEqual(small);
  });

  test('opens without a network', async () => {
    const { state, server, cache } = await useServer();
    await bytesOf(await openKeptCheckpoint(server.url, { cache }));
    state.handle = (_, response) => void response.destroy();
    const offline = await openKeptCheckpoint(server.url, { cache, delays: [] });
    expect(seedOf(await bytesOf(offline))).toBe(3);
    await expect(fileOf(offline, 'model.json')).rejects.toThrow('cannot be read');
  });

  test('is not opened from what was kept when the server refuses', async () => {
    const { state, server, cache } = await useServer();
    await openKeptCheckpoint(server.url, { cache });
    state.handle = (_, response) => void response.writeHead(403).end();
    await expect(openKeptCheckpoint(server.url, { cache })).rejects.toThrow('403');
  });

  test('that the server has changed is downloaded again, and the old files go', async () => {
    const { state, server, cache } = await useServer();
    await bytesOf(await openKeptCheckpoint(server.url, { cache }));
    cache.kept.set('http://elsewhere/file', new Uint8Array(1));
    state.files = await folderOf(5);
    const changed = await openKeptCheckpoint(server.url, { cache });
    // Manifest, and the other page's.
    expect(cache.kept.size).toBe(2);
    expect(seedOf(await bytesOf(changed))).toBe(5);
  });

  test('stays when a model in the folder above it is opened', async () => {
    const { state, server, cache } = await useServer();
    const below = await folderOf(5);
    state.files = new Map([
      ...state.files,
      ...[...below].map(([name, file]) => [`int8/${name}`, file] as const),
    ]);
    const where = `${server.url}/int8`;
    await bytesOf(await openKeptCheckpoint(where, { cache }));
    await bytesOf(await openKeptCheckpoint(server.url, { cache }));
    const requests = server.requests.length;
    expect(seedOf(await bytesOf(await openKeptCheckpoint(where, { cache })))).toBe(5);
    expect(server.requests.slice(requests)).toEqual(['/run/int8/manifest.json']);
  });

  test('whose file is not that of the manifest is refused, and the file not kept', async () => {
    const { state, server, cache } = await useServer();
    state.files = new Map([...state.files, ['weights.safetensors', large(7)]]);
    const checkpoint = await openKeptCheckpoint(server.url, { cache });
    await expect(bytesOf(checkpoint)).rejects.toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_INVALID',
        message: expect.stringContaining('weights.safetensors is not the one that the manifest lists'),
      }),
    );
    expect([...cache.kept.keys()]).toEqual([`${server.url}/manifest.json`]);
  });

  test('is read from the server where the browser has no room', async () => {
    const { server, cache } = await useServer();
    const full: FileCache = {
      ...cache,
      put: async (_, reply) => {
        await reply.body?.cancel();
        throw new DOMException('no room', 'QuotaExceededError');
      },
    };
    expect(seedOf(await bytesOf(await openKeptCheckpoint(server.url, { cache: full })))).toBe(3);
  });

  test('without a store is read by ranges', async () => {
    const { server } = await useServer();
    const told: number[] = [];
    const checkpoint = await openKeptCheckpoint(server.url, { onBytes: (_, bytes) => void told.push(bytes) });
    const file = await checkpoint.file('weights.safetensors');
    await file.read(100, new Uint8Array(50));
    expect(told).toEqual([50]);
    expect(server.sent()).toBeLessThan(2000);
  });
});
