import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CacheEntry, cacheFolder, cacheKey, readCache, writeCache } from '../src/cache';
import { type EmojiProgress, prepareEmojiDataset } from '../src/index';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simvlm-emoji-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const prepare = async (cacheDir = folder) => {
  const events: EmojiProgress[] = [];
  const dataset = await prepareEmojiDataset({
    cacheDir,
    limit: 8,
    size: 16,
    onProgress: event => events.push(event),
  });
  const all = [dataset.train, dataset.val, dataset.unseenArtist].flatMap(split =>
    split.items.map((_, index) => split.get(index)),
  );
  return { dataset, events, all, drawn: events.some(({ phase, done }) => phase === 'draw' && done > 0) };
};

describe('the cache of a data set', () => {
  test('the second time nothing is drawn and everything is the same', async () => {
    const first = await prepare();
    expect(first.drawn).toBe(true);
    expect(readdirSync(folder).map(name => name.replace(/^.*\./, ''))).toEqual(['json', 'pixels']);
    const second = await prepare();
    expect(second.events).toEqual([{ done: 48, total: 48, phase: 'cache' }]);
    expect(second.all).toEqual(first.all);
    expect(second.dataset.warnings).toEqual([]);
  });

  test('a changed byte is noticed, reported and made again', async () => {
    const first = await prepare();
    const path = join(folder, readdirSync(folder).find(name => name.endsWith('.pixels'))!);
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    const second = await prepare();
    const warning = expect.stringMatching(/checksum differs; it is made again/);
    expect(second.drawn).toBe(true);
    expect(second.all).toEqual(first.all);
    expect(second.dataset.warnings).toEqual([warning]);
    expect(second.events).toContainEqual(expect.objectContaining({ warning }));
    expect((await prepare()).drawn).toBe(false);
  });

  test('a folder that cannot be written costs the cache, with a warning, but not the data', async () => {
    const blocked = join(folder, 'a-file');
    writeFileSync(blocked, '');
    const { dataset, all } = await prepare(join(blocked, 'cache'));
    expect(all.length).toBeGreaterThan(40);
    expect(dataset.warnings).toEqual([expect.stringMatching(/cannot write the cache in .*SIMVLM_CACHE/)]);
  });
});

describe('a cache entry', () => {
  const entry = (): CacheEntry => ({ folder, size: 2, key: 'k', bytes: 4 });

  test('comes back as it was written', async () => {
    expect(await readCache(entry())).toBeUndefined();
    await writeCache(entry(), Uint8Array.of(1, 2, 3, 4));
    expect(await readCache(entry())).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  test.each([
    ['a changed byte', 'pixels', Uint8Array.of(1, 2, 3, 5), /checksum differs/],
    ['a missing end', 'pixels', Uint8Array.of(1, 2, 3), /3 bytes instead of 4/],
    ['a manifest that is not JSON', 'json', '{"key":', /not JSON/],
    ['a manifest of other pixels', 'json', '{"key":"x"}', /of another/],
    ['an empty manifest', 'json', 'null', /not JSON/],
  ])('with %s is refused, not used', async (_, ending, content, message) => {
    await writeCache(entry(), Uint8Array.of(1, 2, 3, 4));
    writeFileSync(join(folder, `emoji-2-k.${ending}`), content);
    await expect(readCache(entry())).rejects.toThrow(message);
  });

  test.each([
    ['pixels', /damaged: 17179869184 bytes instead of 4/],
    ['json', /damaged: its manifest has 17179869184 bytes, above 4096/],
  ])('whose %s are 16 GiB of nothing is refused before it is read', async (ending, message) => {
    await writeCache(entry(), Uint8Array.of(1, 2, 3, 4));
    truncateSync(join(folder, `emoji-2-k.${ending}`), 2 ** 34);
    await expect(readCache(entry())).rejects.toThrow(message);
  });

  test.each(['pixels', 'json'])('whose %s are a pipe is refused, not waited for', async ending => {
    await writeCache(entry(), Uint8Array.of(1, 2, 3, 4));
    const path = join(folder, `emoji-2-k.${ending}`);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    await expect(readCache(entry())).rejects.toThrow(`${path} is not a regular file`);
  });

  test('with one of its files missing, as an interrupted write leaves it, is none', async () => {
    for (const ending of ['pixels', 'json']) {
      await writeCache(entry(), Uint8Array.of(1, 2, 3, 4));
      rmSync(join(folder, `emoji-2-k.${ending}`));
      expect(await readCache(entry())).toBeUndefined();
    }
  });

  test('is replaced as a whole: a write that fails half-way leaves no file of its own', async () => {
    // A folder that is not empty stands where the pixels belong, so that the rename fails.
    mkdirSync(join(folder, 'emoji-2-k.pixels', 'inside'), { recursive: true });
    await expect(writeCache(entry(), Uint8Array.of(1, 2, 3, 4))).rejects.toMatchObject({
      code: 'DISK_WRITE',
    });
    expect(readdirSync(folder)).toEqual(['emoji-2-k.pixels']);
  });

  test('is written where killed writers of any size left their parts, which are removed', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const running = `emoji-2-k.pixels.tmp-${process.ppid}-1`;
    for (const name of [
      `emoji-2-k.pixels.tmp-${pid}-1`,
      `emoji-48-other.json.tmp-${pid}-2`,
      running,
      'notes.txt',
    ])
      writeFileSync(join(folder, name), 'part');
    await writeCache(entry(), Uint8Array.of(1, 2, 3, 4));
    expect(readdirSync(folder).sort()).toEqual(['emoji-2-k.json', 'emoji-2-k.pixels', running, 'notes.txt']);
  });

  test('has another key when anything is different', () => {
    const keys = [{ size: 32 }, { size: 64 }, { size: 32, packages: [['sharp', '0.35.5']] }].map(cacheKey);
    expect(new Set(keys).size).toBe(3);
  });
});

test('the folder is the option, else SIMVLM_CACHE, else that of XDG, else ~/.cache/simvlm', () => {
  const env = { SIMVLM_CACHE: '/a', XDG_CACHE_HOME: '/b' };
  const home = join(homedir(), '.cache', 'simvlm');
  expect(cacheFolder('/option', env)).toBe('/option');
  expect(cacheFolder(undefined, env)).toBe('/a');
  expect(cacheFolder(undefined, { ...env, SIMVLM_CACHE: '' })).toBe(join('/b', 'simvlm'));
  expect(cacheFolder(undefined, { XDG_CACHE_HOME: 'relative' })).toBe(home);
  expect(cacheFolder(undefined, {})).toBe(home);
});
