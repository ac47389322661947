import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { chromiumPath } from './chromium';
import { type PartName, partNames, parts } from './parts';
import { describeLack, required, statusOf } from './status';

afterEach(() => vi.unstubAllEnvs());

describe('SIMVLM_REQUIRE', () => {
  test.each([
    ['', []],
    [' webgpu , g++,', ['webgpu', 'g++']],
    ['gloo,all', partNames],
  ])('%j requires %j', (SIMVLM_REQUIRE, names) => {
    expect([...required({ SIMVLM_REQUIRE })]).toEqual(names);
  });

  test('refuses a name that is none', () => {
    expect(() => required({ SIMVLM_REQUIRE: 'gloo,torch' })).toThrow(
      'SIMVLM_REQUIRE names "torch"; there are all, chromium, webgpu, gpu, g++, libtorch, gloo, torchrun, namespaces, sentencepiece, pytorch, tensorboard, huggingface-hub, transformers, libtorch-cuda, libtorch-debian',
    );
  });
});

describe('a part', () => {
  test.each<[PartName, Record<string, string>, string]>([
    ['chromium', { CHROMIUM: '/no/chromium' }, 'there is no /no/chromium'],
    ['chromium', { CHROMIUM: process.execPath }, 'does not start'],
    ['g++', { CXX: '/no/compiler' }, 'there is no /no/compiler'],
    ['libtorch', { SIMVLM_LIBTORCH: '/no/libtorch' }, 'no libtorch with headers is here'],
    ['gloo', { SIMVLM_LIBTORCH: '/no/libtorch' }, 'it needs libtorch'],
    ['torchrun', { SIMVLM_LIBTORCH: '/no/libtorch' }, 'it needs gloo'],
    ['sentencepiece', { PATH: '/no/programs' }, 'there is no sh'],
  ])('%s that is not fit says why: %j', async (name, env, reason) => {
    vi.stubEnv('SIMVLM_PARTS', '');
    for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
    expect(await statusOf(name)).toEqual({ fit: false, reason: expect.stringContaining(reason) });
  });

  test.skipIf(process.platform !== 'linux').each(['webgpu', 'gpu'] as const)(
    '%s without a driver is not fit',
    async name => {
      vi.stubEnv('SIMVLM_PARTS', '');
      for (const variable of ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES']) vi.stubEnv(variable, '/no/driver.json');
      const { fit, reason } = await statusOf(name);
      expect(fit).toBe(false);
      expect(reason).toMatch(/^WebGPU found no graphics adapter|^it needs webgpu$/);
    },
  );

  test('is looked for once: the answer lies in the folder that the run shares', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simvlm-status-'));
    vi.stubEnv('SIMVLM_PARTS', folder);
    vi.stubEnv('CXX', '/no/compiler');
    const answer = await statusOf('g++');
    expect(answer.fit).toBe(false);
    expect(readdirSync(folder)).toEqual(['g++.json']);
    vi.stubEnv('CXX', '/no/other');
    expect(await statusOf('g++')).toEqual(answer);
    writeFileSync(join(folder, 'gloo.json'), JSON.stringify({ fit: false, reason: 'made up' }));
    expect(await statusOf('gloo')).toEqual({ fit: false, reason: 'made up' });
    rmSync(folder, { recursive: true });
  });

  test('that is missing is one line: what is not tested, why, and what adds it', () => {
    for (const name of partNames) {
      const line = describeLack(name, { fit: false, reason: 'made up' });
      expect(line).toBe(
        `${name}: ${parts[name].tests} (${parts[name].title}: made up). To add it: ${parts[name].add}`,
      );
      expect(line).not.toContain('\n');
    }
  });
});

test('Chromium is what CHROMIUM names, else on the path, else where Debian has it', () => {
  expect(chromiumPath({ CHROMIUM: '/my/chrome', PATH: '/usr/bin' })).toBe('/my/chrome');
  expect(chromiumPath({ PATH: '/no/programs' })).toBe('/usr/bin/chromium');
});
