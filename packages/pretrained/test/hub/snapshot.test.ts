import { lstat, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type HubPlan, type HubProgress, hubSnapshot, neededFiles } from '@simvlm/pretrained/node';
import { expect, test } from 'vitest';
import { captioner, useHub } from './use-hub';

const NAME = 'hf:some-one/git-tiny';

test('what an import needs is downloaded, in the layout of Hugging Face', async () => {
  const { hub, cache, options } = await useHub();
  const commit = hub.push(captioner());
  const snapshot = await hubSnapshot(NAME, { ...options, select: neededFiles });
  const names = ['README.md', 'config.json', 'model.safetensors', 'vocab.txt'];
  expect(snapshot).toMatchObject({ repository: 'some-one/git-tiny', revision: 'main', commit });
  expect([...snapshot.files].sort()).toEqual(names);
  const root = join(cache, 'models--some-one--git-tiny');
  expect(snapshot.folder).toBe(join(root, 'snapshots', commit));
  expect(await readFile(join(root, 'refs/main'), 'utf8')).toBe(commit);
  expect((await readdir(snapshot.folder)).sort()).toEqual(names);
  for (const name of names) {
    const link = await readlink(join(snapshot.folder, name));
    expect(link).toMatch(/^\.\.\/\.\.\/blobs\/([0-9a-f]{40}|[0-9a-f]{64})$/);
    expect(new Uint8Array(await readFile(join(snapshot.folder, name)))).toEqual(captioner().files.get(name));
  }
  // Nothing else is left: no partial files.
  expect((await readdir(join(root, 'blobs'))).every(name => /^[0-9a-f]+$/.test(name))).toBe(true);
});

test('sizes are told before the download, and bytes as they come', async () => {
  const { hub, options } = await useHub();
  hub.push(captioner());
  const plans: HubPlan[] = [];
  const progress: HubProgress[] = [];
  let requests = 0;
  await hubSnapshot(NAME, {
    ...{ ...options, select: neededFiles },
    onPlan(plan) {
      plans.push(plan);
      requests = hub.requests.filter(({ path }) => path.includes('/resolve/')).length;
    },
    onProgress: at => progress.push(at),
  });
  expect(plans).toHaveLength(1);
  expect(requests).toBe(0);
  const bytes = plans[0]!.files.reduce((sum, { size }) => sum + size, 0);
  expect(plans[0]).toMatchObject({ bytes, toFetch: bytes });
  expect(bytes).toBeGreaterThan(300_000);
  expect(progress.at(-1)).toMatchObject({ bytes, of: bytes });
  expect(progress.map(at => at.bytes)).toEqual([...progress.map(at => at.bytes)].sort((a, b) => a - b));
});

test('what the cache has is not downloaded again, and an old commit stays as it was', async () => {
  const { hub, options } = await useHub();
  const first = hub.push(captioner());
  await hubSnapshot(NAME, options);
  const second = hub.push(captioner({ 'config.json': new TextEncoder().encode('{"model_type":"git" }') }));
  hub.requests.length = 0;
  const newer = await hubSnapshot(NAME, options);
  expect(newer.commit).toBe(second);
  expect(hub.requests.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path)).toEqual([
    `/some-one/git-tiny/resolve/${second}/config.json`,
  ]);
  const older = await hubSnapshot(`${NAME}@${first}`, options);
  expect(await readFile(join(older.folder, 'config.json'), 'utf8')).toBe('{"model_type":"git"}');
  expect(await readFile(join(newer.folder, 'config.json'), 'utf8')).toBe('{"model_type":"git" }');
});

test('a branch with a slash is a revision', async () => {
  const { hub, cache, options } = await useHub();
  hub.push(captioner());
  const commit = hub.push({ ...captioner({ 'config.json': new Uint8Array(3) }), branch: 'refs/pr/7' });
  expect((await hubSnapshot(`${NAME}@refs/pr/7`, options)).commit).toBe(commit);
  expect(await readFile(join(cache, 'models--some-one--git-tiny/refs/refs/pr/7'), 'utf8')).toBe(commit);
});

test('the token goes to the hub and to no other host', async () => {
  const token = 'hf_verysecret';
  const { hub, options } = await useHub({ token }, { HF_TOKEN: token });
  hub.push({ ...captioner(), isPrivate: true });
  await hubSnapshot(NAME, options);
  const by = (host: string) => hub.requests.filter(request => request.host === host);
  expect(new Set(by('hub').map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]));
  expect(by('storage').length).toBeGreaterThan(0);
  expect(by('storage').every(({ authorization }) => authorization === undefined)).toBe(true);
});

test('without links the cache holds copies', async () => {
  const { hub, cache, options } = await useHub({}, { HF_HUB_DISABLE_SYMLINKS: '1' });
  hub.push(captioner());
  const { folder } = await hubSnapshot(NAME, { ...options, select: neededFiles });
  expect((await lstat(join(folder, 'model.safetensors'))).isFile()).toBe(true);
  // Nothing is there twice.
  expect(await readdir(join(cache, 'models--some-one--git-tiny/blobs'))).toEqual([]);
  hub.requests.length = 0;
  await hubSnapshot(NAME, { ...options, select: neededFiles });
  expect(hub.requests.some(({ path }) => path.includes('/resolve/'))).toBe(false);
});

test('a damaged file of the cache, of another size, is downloaded again', async () => {
  const { hub, options } = await useHub();
  hub.push(captioner());
  const { folder } = await hubSnapshot(NAME, options);
  await writeFile(join(folder, 'model.safetensors'), 'cut');
  await hubSnapshot(NAME, options);
  expect(new Uint8Array(await readFile(join(folder, 'model.safetensors')))).toEqual(
    captioner().files.get('model.safetensors'),
  );
});

test('a repository without a model says what it has, and nothing is downloaded', async () => {
  const { hub, cache, options } = await useHub();
  const files = new Map([['data.csv', new Uint8Array(5)]]);
  hub.push({ name: 'some-one/data', files });
  await expect(hubSnapshot('hf:some-one/data', { ...options, select: neededFiles })).rejects.toThrow(
    expect.objectContaining({ code: 'HUB_INVALID', message: expect.stringContaining('data.csv') }),
  );
  expect(await readdir(cache)).toEqual([]);
});
