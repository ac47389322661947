import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hubSnapshot } from '@simvlm/pretrained/node';
import { expect, test } from 'vitest';
import type { HubRequest } from './hub-replies';
import { captioner, useHub, weights } from './use-hub';

const NAME = 'hf:some-one/git-tiny';
const select = () => ['model.safetensors'];
const program = fileURLToPath(new URL('../programs/download.ts', import.meta.url));
const tsx = createRequire(import.meta.url).resolve('tsx');

/** Another process that downloads the weights. */
function download(hub: { url: string }, cache: string): ChildProcess {
  const env = { ...process.env, HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, HF_HOME: cache };
  return spawn(process.execPath, ['--import', tsx, program, NAME], { env, stdio: 'inherit' });
}

/** Of the files in a folder, which may not be there yet. */
async function sizes(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map(async name => (await stat(join(folder, name))).size));
}

test('two processes that download the same file both succeed', async () => {
  const { hub, cache, options } = await useHub();
  hub.push(captioner());
  const other = download(hub, cache);
  const [{ folder }, [code]] = await Promise.all([
    hubSnapshot(NAME, { ...options, select }),
    once(other, 'exit'),
  ]);
  expect(code).toBe(0);
  expect(new Uint8Array(await readFile(join(folder, 'model.safetensors')))).toEqual(weights(300_000));
  expect(await readdir(join(cache, 'models--some-one--git-tiny/blobs'))).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
});

test('what a killed process left is gone on with', async () => {
  const fault = ({ host, range }: HubRequest) =>
    host === 'storage' && !range ? { cutAfter: 100_000 } : undefined;
  const { hub, cache, options } = await useHub({ fault });
  hub.push(captioner());
  const blobs = join(cache, 'models--some-one--git-tiny/blobs');
  const other = download(hub, cache);
  // It waits seconds before it asks for the rest.
  await expect.poll(async () => (await sizes(blobs)).some(size => size > 0), { timeout: 60_000 }).toBe(true);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(await readdir(blobs)).toEqual([expect.stringMatching(/-\d+-[0-9a-f]{8}\.incomplete$/)]);
  hub.requests.length = 0;
  const { folder } = await hubSnapshot(NAME, { ...options, select });
  expect(hub.requests.at(-1)?.range).toMatch(/^bytes=[1-9]\d*-$/);
  expect(new Uint8Array(await readFile(join(folder, 'model.safetensors')))).toEqual(weights(300_000));
});
