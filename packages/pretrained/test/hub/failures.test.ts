import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type HubOptions, hubSettings, hubSnapshot } from '@simvlm/pretrained/node';
import { describe, expect, test, vi } from 'vitest';
import type { HubRequest } from './hub-replies';
import type { Fault } from './local-hub';
import { captioner, temporaryFolder, useHub, weights } from './use-hub';

const NAME = 'hf:some-one/git-tiny';
const WEIGHTS = { select: () => ['model.safetensors'] };
const blobs = (cache: string) => readdir(join(cache, 'models--some-one--git-tiny/blobs'));
const bytesOf = async ({ folder }: { folder: string }) =>
  new Uint8Array(await readFile(join(folder, 'model.safetensors')));

/** Faults of the first requests to one host, one after the other; what follows succeeds. */
function first(host: HubRequest['host'], ...faults: Fault[]) {
  return (request: HubRequest) => (request.host === host ? faults.shift() : undefined);
}

describe('what is over in a moment', () => {
  test('a connection that breaks is taken up where it ended', async () => {
    const fault = first('storage', { cutAfter: 100_000 }, { cutAfter: 50_000 });
    const { hub, options } = await useHub({ fault });
    hub.push(captioner());
    expect(await bytesOf(await hubSnapshot(NAME, { ...options, ...WEIGHTS }))).toEqual(weights(300_000));
    const ranges = hub.requests.filter(({ host }) => host === 'storage').map(({ range }) => range);
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBeUndefined();
    for (const range of ranges.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('tries do not run out while bytes come', async () => {
    const cuts = Array.from({ length: 12 }, () => ({ cutAfter: 20_000 }));
    const { hub, options } = await useHub({ fault: first('storage', ...cuts) });
    hub.push(captioner());
    expect(await bytesOf(await hubSnapshot(NAME, { ...options, ...WEIGHTS }))).toEqual(weights(300_000));
  });

  test('429 waits as long as the hub says, 503 a little', async () => {
    const fault = first('hub', { status: 429, headers: { 'retry-after': '1' } }, { status: 503 });
    const { hub, options } = await useHub({ fault });
    hub.push(captioner());
    const waits = vi.spyOn(globalThis, 'setTimeout');
    await hubSnapshot(NAME, { ...options, ...WEIGHTS });
    expect(waits.mock.calls.map(([, milliseconds]) => milliseconds)).toContain(1000);
    waits.mockRestore();
  });

  test('a signed address that has expired is asked for again', async () => {
    const { hub, options } = await useHub({ fault: first('storage', { status: 403 }) });
    hub.push(captioner());
    expect(await bytesOf(await hubSnapshot(NAME, { ...options, ...WEIGHTS }))).toEqual(weights(300_000));
  });

  test('what one process began the next goes on with', async () => {
    let isBroken = true;
    const fault = ({ host, range }: HubRequest): Fault | undefined =>
      isBroken && host === 'storage' ? (range ? { status: 500 } : { cutAfter: 120_000 }) : undefined;
    const { hub, cache, options } = await useHub({ fault });
    hub.push(captioner());
    await expect(hubSnapshot(NAME, { ...options, ...WEIGHTS })).rejects.toThrow('the server answers 500');
    expect(await blobs(cache)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.incomplete$/)]);
    // An interrupted download leads no branch to a commit without files.
    expect(await readdir(join(cache, 'models--some-one--git-tiny'))).toEqual(['blobs']);
    isBroken = false;
    hub.requests.length = 0;
    expect(await bytesOf(await hubSnapshot(NAME, { ...options, ...WEIGHTS }))).toEqual(weights(300_000));
    expect(hub.requests.at(-1)?.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await blobs(cache)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });

  test('a hub that ignores ranges sends the file anew', async () => {
    const { hub, cache, options } = await useHub({ fault: first('storage', { cutAfter: 100_000 }) });
    hub.push(captioner());
    const plain: typeof fetch = (url, init) => {
      const { range: _, ...headers } = init!.headers as Record<string, string>;
      return fetch(url, { ...init, headers });
    };
    const found = await hubSnapshot(NAME, { ...options, ...WEIGHTS, fetch: plain });
    expect(await bytesOf(found)).toEqual(weights(300_000));
    expect(await blobs(cache)).toHaveLength(1);
  });
});

describe('what is refused', () => {
  const failure = async (options: HubOptions, name = NAME) =>
    hubSnapshot(name, options).then(
      () => undefined,
      (error: Error & { code: string }) => error,
    );

  test('a gated model says to accept its licence and to set HF_TOKEN', async () => {
    const { hub, options } = await useHub({ token: 'hf_good' });
    hub.push({ ...captioner(), isGated: true });
    const error = await failure(options);
    expect(error).toMatchObject({ name: 'HubError', code: 'HUB_ACCESS' });
    expect(error?.message).toMatch(/accept its licence.*HF_TOKEN/);
  });

  test('a repository that is not there, or private, says both', async () => {
    const { options } = await useHub({ token: 'hf_good' });
    const error = await failure(options);
    expect(error?.code).toBe('HUB_NOT_FOUND');
    expect(error?.message).toMatch(/no such repository, or it is private.*HF_TOKEN/);
  });

  test('a revision that is not there says so', async () => {
    const { hub, options } = await useHub();
    hub.push(captioner());
    const error = await failure(options, `${NAME}@v9`);
    expect(error).toMatchObject({
      code: 'HUB_NOT_FOUND',
      message: expect.stringContaining('no such revision'),
    });
  });

  test('more patience than a minute is an error that says how long', async () => {
    const { hub, options } = await useHub({
      fault: () => ({ status: 429, headers: { 'retry-after': '300' } }),
    });
    const error = await failure(options);
    expect(error).toMatchObject({ code: 'HUB_UNREACHABLE', message: expect.stringContaining('300 s') });
    expect(hub.requests).toHaveLength(1);
  });

  test('neither token nor signature is in an error', async () => {
    const token = 'hf_verysecret';
    const { hub, options } = await useHub(
      { token, fault: ({ host }) => (host === 'storage' ? { status: 500, body: token } : undefined) },
      { HF_TOKEN: token },
    );
    hub.push({ ...captioner(), isPrivate: true });
    const error = await failure({ ...options, ...WEIGHTS });
    expect(error?.code).toBe('HUB_UNREACHABLE');
    const all = [error?.message, error?.stack, JSON.stringify(error), String(error?.cause)].join();
    expect(all).not.toContain(token);
    expect(all).not.toContain('signature');
  });

  test('a file with another content is refused and not kept', async () => {
    const { hub, cache, options } = await useHub();
    hub.push(captioner());
    const other: typeof fetch = async (url, init) => {
      const reply = await fetch(url, init);
      return reply.headers.get('content-length') === '300000' ? new Response(weights(300_000, 3)) : reply;
    };
    const error = await failure({ ...options, ...WEIGHTS, fetch: other });
    expect(error).toMatchObject({ code: 'HUB_INVALID', message: expect.stringContaining('checksum') });
    expect(await blobs(cache)).toEqual([]);
  });

  test('a file name that leads out of the cache is refused', async () => {
    const { hub, cache, options } = await useHub();
    hub.push(captioner({ '../../evil.json': new Uint8Array(2) }));
    expect((await failure(options))?.code).toBe('HUB_INVALID');
    expect(await readdir(cache)).toEqual([]);
  });

  test('a disk that gets full is named, and the part that came is removed', async () => {
    const { hub, cache, options } = await useHub();
    hub.push(captioner());
    const file = await open(join(await temporaryFolder(), 'any'), 'w');
    const full = vi.spyOn(Object.getPrototypeOf(file), 'appendFile');
    await file.close();
    full.mockRejectedValue(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    const error = await failure({ ...options, ...WEIGHTS });
    full.mockRestore();
    expect(error).toMatchObject({
      code: 'DISK_WRITE',
      message: expect.stringMatching(/disk is full.*HF_HUB_CACHE/),
    });
    expect(await blobs(cache)).toEqual([]);
  });

  test('a signal ends a download with its reason, and what came is kept', async () => {
    const { hub, cache, options } = await useHub({ fault: first('storage', { cutAfter: 150_000 }) });
    hub.push(captioner());
    const stop = new AbortController();
    const onProgress = ({ bytes }: { bytes: number }) => bytes > 0 && stop.abort(new Error('stopped'));
    const error = await failure({ ...options, ...WEIGHTS, onProgress, signal: stop.signal });
    expect(error?.message).toBe('stopped');
    expect(await blobs(cache)).toEqual([expect.stringMatching(/\.incomplete$/)]);
  });
});

describe('without the hub', () => {
  test('HF_HUB_OFFLINE uses the cache and asks nobody', async () => {
    const { hub, cache, options } = await useHub();
    const commit = hub.push(captioner());
    await hubSnapshot(NAME, { ...options, ...WEIGHTS });
    hub.requests.length = 0;
    const settings = await hubSettings({ HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '1' });
    expect(await hubSnapshot(NAME, { settings })).toMatchObject({ commit, files: ['model.safetensors'] });
    await expect(hubSnapshot('hf:some-one/other', { settings })).rejects.toThrow('HF_HUB_OFFLINE');
    expect(hub.requests).toEqual([]);
  });

  test('a hub that cannot be reached leaves what the cache has', async () => {
    const { hub, options } = await useHub();
    const commit = hub.push(captioner());
    await hubSnapshot(NAME, { ...options, ...WEIGHTS });
    await hub.close();
    const found = await hubSnapshot(NAME, { ...options, ...WEIGHTS });
    expect(found).toMatchObject({ commit, offline: expect.stringContaining('ECONNREFUSED') });
    await expect(hubSnapshot(`${NAME}@v2`, options)).rejects.toThrow(
      expect.objectContaining({ code: 'HUB_UNREACHABLE' }),
    );
  });
});
