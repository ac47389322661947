import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type HubOptions,
  hubCheckpoint,
  hubSettings,
  hubSnapshot,
  neededFiles,
} from '@simvlm/pretrained/node';
import { expect, test } from 'vitest';
import { configs, filesOf } from '../small-folder';
import { captioner, useHub } from './use-hub';

const NAME = 'hf:some-one/git-tiny';
const PART = 'has only part of hf:some-one/git-tiny';

/** A cache that somebody filled with these files, for a program that is offline, and for one whose hub is down. */
async function withCached(files: Map<string, Uint8Array>, paths: readonly string[]) {
  const { hub, cache: home, options } = await useHub();
  hub.push({ name: 'some-one/git-tiny', files });
  const env = { HF_ENDPOINT: hub.url, HF_HOME: home };
  const down = { ...options, settings: await hubSettings(env) };
  const { folder } = await hubSnapshot(NAME, { ...down, select: () => paths });
  await hub.close();
  return { folder, down, offline: { settings: await hubSettings({ ...env, HF_HUB_OFFLINE: '1' }) } };
}

const needed = (options: HubOptions) => hubSnapshot(NAME, { ...options, select: neededFiles });

test('configuration and tokenizer without weights are a part of the model', async () => {
  const { offline, down } = await withCached(captioner().files, ['config.json', 'vocab.txt']);
  await expect(needed(offline)).rejects.toMatchObject({
    code: 'HUB_UNREACHABLE',
    message: expect.stringMatching(`HF_HUB_OFFLINE is set.* ${PART}; unset it to download the rest`),
  });
  await expect(needed(down)).rejects.toMatchObject({
    code: 'HUB_UNREACHABLE',
    message: expect.stringMatching(`ECONNREFUSED.* ${PART}`),
  });
});

test('one shard of three is a part of the model', async () => {
  const shards = [1, 2, 3].map(i => `model-0000${i}-of-00003.safetensors`);
  const files = captioner(Object.fromEntries(shards.map(name => [name, new Uint8Array(8)]))).files;
  files.delete('model.safetensors');
  const some = await withCached(files, ['config.json', 'vocab.txt', shards[1]!]);
  await expect(needed(some.offline)).rejects.toThrow(PART);
  const all = await withCached(files, ['config.json', 'vocab.txt', ...shards]);
  expect((await needed(all.offline)).files).toHaveLength(5);
});

test('files that were deleted behind their links are not there', async () => {
  const { folder, offline } = await withCached(captioner().files, neededFiles([...captioner().files.keys()]));
  const deleteBehind = async (name: string) => rm(await realpath(join(folder, name)));
  await deleteBehind('README.md');
  expect([...(await needed(offline)).files].sort()).toEqual([
    'config.json',
    'model.safetensors',
    'vocab.txt',
  ]);
  await deleteBehind('vocab.txt');
  await expect(needed(offline)).rejects.toThrow(PART);
});

test('what an older version imported is imported again, and a cache that may be stale is told', async () => {
  const files = filesOf(configs.git);
  const { offline } = await withCached(files, neededFiles([...files.keys()]));
  const told: string[] = [];
  const onOffline = (why: string) => void told.push(why);
  const checkpoint = await hubCheckpoint(NAME, { ...offline, onOffline });
  expect(told).toEqual(['HF_HUB_OFFLINE is set']);
  expect(checkpoint.where).toMatch(/simvlm[/\\]imports-\d+[/\\]some-one--git-tiny[/\\][0-9a-f]{40}$/);
});
