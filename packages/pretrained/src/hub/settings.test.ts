import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hubSettings } from './settings';

test('without variables it is huggingface.co and the cache in the home folder', async () => {
  const { endpoint, cache, offline, copies } = await hubSettings({ HF_TOKEN: 'x' });
  expect([endpoint.href, cache, offline, copies]).toEqual([
    'https://huggingface.co/',
    join(homedir(), '.cache/huggingface/hub'),
    false,
    false,
  ]);
});

test.each([
  [{ HF_HUB_CACHE: '/a/b', HF_HOME: '/c' }, '/a/b'],
  [{ HUGGINGFACE_HUB_CACHE: '/a/b', HF_HOME: '/c' }, '/a/b'],
  [{ HF_HOME: '/c' }, '/c/hub'],
  [{ XDG_CACHE_HOME: '/d' }, '/d/huggingface/hub'],
  [{ HF_HOME: '$BASE/hf', BASE: '/e' }, '/e/hf/hub'],
  [{ HF_HUB_CACHE: '~/mine' }, join(homedir(), 'mine')],
])('the cache of %j is %s', async (env, cache) => {
  expect((await hubSettings(env)).cache).toBe(cache);
});

test('the token is that of the environment, else of the file', async () => {
  const home = await mkdtemp(join(tmpdir(), 'simvlm-hub-'));
  onTestFinished(() => rm(home, { recursive: true }));
  expect((await hubSettings({ HF_HOME: home })).token).toBeUndefined();
  await writeFile(join(home, 'token'), 'hf_file\n');
  expect((await hubSettings({ HF_HOME: home })).token).toBe('hf_file');
  expect((await hubSettings({ HF_TOKEN_PATH: join(home, 'token') })).token).toBe('hf_file');
  expect((await hubSettings({ HF_HOME: home, HF_TOKEN: ' hf_env\n' })).token).toBe('hf_env');
  expect((await hubSettings({ HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).token).toBeUndefined();
});

test('an endpoint that is no address is refused', async () => {
  await expect(hubSettings({ HF_ENDPOINT: 'hub.local' })).rejects.toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('HF_ENDPOINT') }),
  );
});
