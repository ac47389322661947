import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hubSettings, hubSnapshot, neededFiles } from '@simvlm/pretrained/node';
import { expect } from 'vitest';
import { needs } from '../../../../scripts/parts/needs';
import { activePython } from '../../../../scripts/parts/python';
import { captioner, useHub } from './use-hub';

const { describe, test } = await needs('huggingface-hub');

const NAME = 'some-one/git-tiny';

/** What Hugging Face's own client prints. */
async function python(program: string, env: Record<string, string>): Promise<string> {
  // Its own settings of whoever runs this must not count.
  const { HF_TOKEN: _, HF_HOME: __, ...rest } = process.env;
  const { stdout } = await promisify(execFile)(activePython(), ['-c', program], { env: { ...rest, ...env } });
  return stdout.trim();
}

describe('one cache for Python and us', () => {
  test('what Python downloaded opens here offline', async () => {
    const { hub, cache } = await useHub();
    const commit = hub.push(captioner());
    const env = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, HF_HOME: cache };
    const program = `from huggingface_hub import snapshot_download; print(snapshot_download('${NAME}'))`;
    const folder = await python(program, env);
    hub.requests.length = 0;
    const settings = await hubSettings({ ...env, HF_HUB_OFFLINE: '1' });
    const found = await hubSnapshot(`hf:${NAME}`, { settings, select: neededFiles });
    expect(found).toMatchObject({ folder, commit });
    expect(new Uint8Array(await readFile(join(found.folder, 'model.safetensors')))).toEqual(
      captioner().files.get('model.safetensors'),
    );
    // And online: nothing but the listing.
    await hubSnapshot(`hf:${NAME}`, { settings: await hubSettings(env), select: neededFiles });
    expect(hub.requests.filter(({ path }) => path.includes('/resolve'))).toEqual([]);
  });

  test('what we downloaded Python finds offline', async () => {
    const { hub, cache, options } = await useHub();
    hub.push(captioner());
    const { folder } = await hubSnapshot(`hf:${NAME}`, { ...options, select: neededFiles });
    await hub.close();
    const program = [
      'from huggingface_hub import hf_hub_download, snapshot_download, scan_cache_dir',
      `print(hf_hub_download('${NAME}', 'config.json'))`,
      `print(snapshot_download('${NAME}', local_files_only=True))`,
      'found = scan_cache_dir()',
      'print([(repo.repo_id, repo.nb_files) for repo in found.repos], found.warnings)',
    ].join('\n');
    const env = { HF_HUB_CACHE: cache, HF_HOME: cache, HF_HUB_OFFLINE: '1' };
    expect((await python(program, env)).split('\n')).toEqual([
      join(folder, 'config.json'),
      folder,
      `[('${NAME}', 4)] []`,
    ]);
  });

  test('what we began Python completes, without downloading our files again', async () => {
    const { hub, cache, options } = await useHub();
    hub.push(captioner());
    await hubSnapshot(`hf:${NAME}`, { ...options, select: neededFiles });
    hub.requests.length = 0;
    const env = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, HF_HOME: cache };
    await python(`from huggingface_hub import snapshot_download; snapshot_download('${NAME}')`, env);
    const got = hub.requests.filter(
      ({ method, path }) => method === 'GET' && !path.startsWith('/api/models'),
    );
    expect(got.map(({ path }) => path).join()).not.toMatch(/config\.json|vocab\.txt|README/);
    // Of the large files the one that we did not want.
    expect(got.filter(({ host }) => host === 'storage')).toHaveLength(1);
  });
});
