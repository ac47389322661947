import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalHub, startHub } from '../../pretrained/test/hub/local-hub';
import { configs, filesOf } from '../../pretrained/test/small-folder';
import { drawFolder, simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
let hub: LocalHub;
let commit: string;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('pictures', 1, 1);
  hub = await startHub({ token: 'hf_good' });
  commit = hub.push({ name: 'some-one/blip', files: filesOf(configs.blip) });
  hub.push({ name: 'some-one/gated', files: filesOf(configs.git), isGated: true });
  const home = join(process.cwd(), 'home');
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', home);
  vi.stubEnv('HF_HUB_CACHE', join(home, 'hub'));
});
afterEach(() => void (hub.requests.length = 0));
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  folder.leave();
});

const downloads = () => hub.requests.filter(({ path }) => path.includes('/resolve/'));
const caption = (place: string) =>
  simvlm('caption', 'pictures/0.png', '--checkpoint', place, '--backend', 'wasm');

describe('a model on the hub', () => {
  test('is imported by its name, and the checkpoint says from where', async () => {
    const { code, lines, err } = await simvlm('import', 'hf:some-one/blip', '--out', 'mine', '--json');
    expect(code, err).toBe(0);
    expect(JSON.parse(lines[0]!)).toMatchObject({ repository: 'some-one/blip', revision: commit });
    expect(JSON.parse(readFileSync('mine/source.json', 'utf8'))).toMatchObject({ revision: commit });
    // Sizes, before anything came.
    expect(err).toMatch(/hf:some-one\/blip: downloading [\d.]+ KiB: .*model\.safetensors [\d.]+ KiB/);
  });

  test('is a checkpoint wherever one is taken: it is imported once, and then captions without the hub', async () => {
    const first = await caption('hf:some-one/blip');
    expect(first.code, first.err).toBe(0);
    expect(first.err).toContain('importing it once');
    const again = await caption(`hf:some-one/blip@${commit}`);
    expect(again.out).toBe(first.out);
    expect(again.err).not.toContain('importing');
    expect(downloads()).toEqual([]);
    expect((await caption('mine')).out).toBe(first.out);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    hub.requests.length = 0;
    expect((await caption('hf:some-one/blip')).out).toBe(first.out);
    expect(hub.requests).toEqual([]);
    vi.stubEnv('HF_HUB_OFFLINE', '');
  });

  test('that is a checkpoint of SimVLM is used as it is', async () => {
    const files = readdirSync('mine').map(name => [name, readFileSync(join('mine', name))] as const);
    hub.push({ name: 'some-one/mine', files: new Map([...files, ['.gitattributes', new Uint8Array(1)]]) });
    const there = await caption('hf:some-one/mine');
    expect(there.code, there.err).toBe(0);
    expect(there.out).toBe((await caption('mine')).out);
    const again = await simvlm('import', 'hf:some-one/mine', '--out', 'twice');
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/is a checkpoint of SimVLM: use it as it is/);
  });

  test('that needs a token, is not there or has no name says so in one line, and leaves nothing', async () => {
    const gated = await simvlm('import', 'hf:some-one/gated', '--out', 'none');
    expect(gated.code).toBe(1);
    expect(gated.err.trim().split('\n').at(-1)).toMatch(
      /^error .*accept its licence on its page and set HF_TOKEN/,
    );
    vi.stubEnv('HF_TOKEN', 'hf_good');
    const { code, err } = await simvlm('import', 'hf:some-one/gated', '--out', 'gated');
    expect(code, err).toBe(0);
    vi.stubEnv('HF_TOKEN', '');
    const absent = await simvlm('caption', 'pictures/0.png', '--checkpoint', 'hf:some-one/none');
    expect(absent.err).toMatch(/there is no such repository/);
    const wrong = await simvlm('import', 'hf:some/one/none', '--out', 'none');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toMatch(/hf:OWNER\/NAME/);
    expect(readdirSync('.')).not.toContain('none');
  });

  test('is not downloaded when the place for the result is taken', async () => {
    mkdirSync('taken');
    writeFileSync('taken/file', '');
    const { code, err } = await simvlm('import', 'hf:some-one/blip', '--out', 'taken');
    expect(code).toBe(2);
    expect(err).toMatch(/taken is there already/);
    expect(hub.requests).toEqual([]);
  });
});
