import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { checkpointFolder, folderCheckpoint, opfsStorage } from '../src/browser';
import type { CheckpointFiles, KeepRules } from '../src/index';
import { openCheckpoint } from '../src/node';
import { content, filesOf, temporaryFolder } from './disk';
import { errorOf } from './error-of';
import { FakeOpfs, type FakeOptions } from './fake-opfs';

const storageOf = (opfs: FakeOpfs, keep?: KeepRules) =>
  opfsStorage({ directory: 'studio/checkpoints', root: opfs.root, ...(keep !== undefined && { keep }) });

const blobs = (files: CheckpointFiles) =>
  new Map([...files].map(([name, bytes]) => [name, new Blob([bytes as BlobPart])]));

/** The same files, with one operation that fails. */
async function withOne(options: FakeOptions): Promise<FakeOpfs> {
  const opfs = new FakeOpfs(options);
  const { failAt, forever } = options;
  Object.assign(opfs.options, { failAt: -1, forever: false });
  await storageOf(opfs).save(1, content(1));
  opfs.operations = 0;
  Object.assign(opfs.options, { failAt: failAt ?? -1, forever: forever ?? false });
  return opfs;
}

const ways = [
  ['createWritable', {}],
  ['createSyncAccessHandle', { inPlace: true }],
] as const;

describe.each(ways)('checkpoints in OPFS, written by %s', (_, way) => {
  test('the newest comes back, two stay, and a training that begins anew counts as newer', async () => {
    const opfs = new FakeOpfs(way);
    const storage = storageOf(opfs);
    expect(await storage.latest()).toBeUndefined();
    expect(opfs.paths()).toEqual([]);
    for (const step of [10, 20, 30]) await storage.save(step, content(step));
    expect(await filesOf(storage.latest())).toEqual(content(30));
    await storage.save(5, content(5));
    await storage.save(5, content(5, 1));
    // As after a reload: another object over the same files.
    expect(await filesOf(storageOf(opfs).latest())).toEqual(content(5, 1));
    expect(opfs.paths().sort()).toEqual(
      ['save-00000004-step-5', 'save-00000005-step-5'].flatMap(folder =>
        ['manifest.json', 'trainer.json', 'weights.safetensors'].map(
          name => `studio/checkpoints/${folder}/${name}`,
        ),
      ),
    );
    await storage.clear();
    expect(opfs.paths()).toEqual([]);
    expect(await storage.latest()).toBeUndefined();
  });

  test('the best by a metric stays beside the last', async () => {
    const opfs = new FakeOpfs(way);
    const storage = storageOf(opfs, { last: 1, best: true });
    for (const [step, value] of [
      [1, 0.2],
      [2, 0.7],
      [3, 0.5],
    ] as const)
      await storage.save(step, content(step), { metric: { name: 'accuracy', better: 'higher', value } });
    expect(await filesOf(storage.best())).toEqual(content(2));
    expect(await filesOf(storage.open(3))).toEqual(content(3));
    expect(await storage.open(1)).toBeUndefined();
    expect(await filesOf(storage.latest())).toEqual(content(3));
    expect(new Set(opfs.paths().map(path => path.split('/')[2]))).toEqual(
      new Set(['save-00000002-step-2', 'save-00000003-step-3']),
    );
  });

  test.each([
    ['QuotaExceededError', 'STORAGE_FULL', /storage for this page is full: free some disk space/],
    ['SecurityError', 'STORAGE_ABSENT', /SecurityError: made up/],
    ['InvalidStateError', 'DISK_WRITE', /InvalidStateError: made up/],
  ])('%s at any operation is %s, and the earlier checkpoint still loads', async (failure, code, message) => {
    const whole = await withOne(way);
    await storageOf(whole).save(2, content(2));
    expect(whole.operations).toBeGreaterThan(9);
    let failures = 0;
    for (let failAt = 0; failAt < whole.operations; failAt++) {
      const opfs = await withOne({ ...way, failAt, failure });
      const error = await storageOf(opfs)
        .save(2, content(2))
        .then(
          () => undefined,
          thrown => thrown,
        );
      if (error) {
        failures++;
        expect(error).toBeInstanceOf(CheckpointError);
        expect(error).toMatchObject({ code });
        expect(error.message).toMatch(message);
        expect(error.message).not.toContain('\n');
        // Half a checkpoint would keep the storage full.
        expect(opfs.paths().filter(path => path.includes('step-2'))).toEqual([]);
      }
      const latest = await filesOf(storageOf(opfs).latest());
      expect(latest).toEqual(error ? content(1) : content(2));
    }
    // Only tidying up after the save may fail without a word: looking at the checkpoints there are.
    expect(failures).toBeGreaterThanOrEqual(whole.operations - 7);
  });

  test('a tab that is closed at any operation leaves a whole checkpoint, and the next save clears up', async () => {
    const whole = await withOne(way);
    await storageOf(whole).save(2, content(2));
    for (let failAt = 0; failAt < whole.operations; failAt++) {
      const opfs = await withOne({ ...way, failAt, forever: true });
      await storageOf(opfs)
        .save(2, content(2))
        .catch(() => {});
      Object.assign(opfs.options, { failAt: -1, forever: false });
      expect([content(1), content(2)]).toContainEqual(await filesOf(storageOf(opfs).latest()));
      await storageOf(opfs).save(3, content(3));
      expect(await filesOf(storageOf(opfs).latest())).toEqual(content(3));
      const folders = new Set(opfs.paths().map(path => path.split('/')[2]));
      expect(folders.size).toBe(2);
    }
  });

  test('storage that is really full: the earlier checkpoint stays, and there is room again for a small one', async () => {
    const opfs = await withOne({ ...way, quota: 1500 });
    const large = new Map([['weights.safetensors', new Uint8Array(2000)]]);
    expect(await errorOf(storageOf(opfs).save(2, large))).toMatchObject({ code: 'STORAGE_FULL' });
    expect(await filesOf(storageOf(opfs).latest())).toEqual(content(1));
    await storageOf(opfs).save(3, content(3));
    expect(await filesOf(storageOf(opfs).latest())).toEqual(content(3));
  });
});

describe('what cannot be trusted is refused', () => {
  const weights = 'studio/checkpoints/save-00000001-step-1/weights.safetensors';

  test.each([
    [
      'cut off',
      (opfs: FakeOpfs) => (opfs.file(weights).bytes = opfs.file(weights).bytes.slice(1)),
      /cut off/,
    ],
    ['changed', (opfs: FakeOpfs) => opfs.file(weights).bytes.fill(1, 3, 4), /changed after it was written/],
    ['missing', (opfs: FakeOpfs) => opfs.remove(weights), /cannot read weights.safetensors/],
  ])('a file that is %s', async (_, damage, message) => {
    const opfs = await withOne({});
    damage(opfs);
    const error = await errorOf(filesOf(storageOf(opfs).latest()));
    expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID', message: expect.stringMatching(message) });
  });

  test('a browser without OPFS', async () => {
    const { latest, save, clear } = opfsStorage();
    for (const action of [latest, () => save(1, content(1)), clear])
      expect(await errorOf(action())).toMatchObject({
        code: 'STORAGE_ABSENT',
        message: expect.stringContaining('this browser keeps no files for this page'),
      });
  });

  test('a file with the name of the manifest', async () => {
    const files = new Map([['manifest.json', new Uint8Array(1)]]);
    expect(await errorOf(storageOf(new FakeOpfs()).save(1, files))).toMatchObject({
      code: 'CHECKPOINT_INVALID',
    });
  });
});

describe('a checkpoint as a folder of files', () => {
  test('Node reads what the browser wrote, and the browser takes it back', async () => {
    const folder = await temporaryFolder();
    const files = await checkpointFolder(content(7));
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    expect(await filesOf(openCheckpoint(folder))).toEqual(content(7));
    expect(await filesOf(folderCheckpoint(blobs(files)))).toEqual(content(7));
    // Put together by hand.
    expect(await filesOf(folderCheckpoint(blobs(content(7))))).toEqual(content(7));
  });

  test('a file that was changed or left out is refused', async () => {
    const changed = new Map(await checkpointFolder(content(7))).set('trainer.json', new Uint8Array(3));
    expect((await errorOf(folderCheckpoint(blobs(changed)))).message).toMatch(
      /trainer.json has 3 bytes instead/,
    );
    const flipped = new Map(await checkpointFolder(content(7))).set(
      'trainer.json',
      new Uint8Array(content(7).get('trainer.json')!.length),
    );
    const checkpoint = await folderCheckpoint(blobs(flipped));
    expect((await errorOf(checkpoint.verify('trainer.json'))).message).toMatch(/trainer.json was changed/);
    const without = new Map(await checkpointFolder(content(7)));
    without.delete('trainer.json');
    expect((await errorOf(folderCheckpoint(blobs(without)))).message).toMatch(/has no trainer.json/);
  });
});
