import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@simvlm/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { type FileSystem, folderStorage, loadCheckpoint, nodeFileSystem } from '../src/node';
import { content, failingDisk, temporaryFolder } from './disk';

let root: string;
beforeEach(async () => {
  root = await temporaryFolder();
});

async function operationsOf(save: (disk: FileSystem) => Promise<void>): Promise<number> {
  const disk = failingDisk(-1, '');
  await save(disk);
  return disk.count;
}

describe('a disk that fails', () => {
  test.each([
    ['ENOSPC', /the disk is full: free some space/],
    ['EACCES', /permission denied/],
    ['EROFS', /read-only/],
    ['EIO', /EIO: made up/],
  ])(
    '%s at any operation: a typed error in one line, and the earlier checkpoint still loads',
    async (code, reason) => {
      const total = await operationsOf(async disk => {
        await folderStorage(root).save(1, content(1));
        await folderStorage(root, { fileSystem: disk }).save(2, content(2));
      });
      expect(total).toBeGreaterThan(9);
      let failures = 0;
      for (let at = 0; at < total; at++) {
        await rm(root, { recursive: true });
        await folderStorage(root).save(1, content(1));
        const error = await folderStorage(root, { fileSystem: failingDisk(at, code) })
          .save(2, content(2))
          .then(
            () => undefined,
            e => e,
          );
        if (error) {
          failures++;
          expect(error).toBeInstanceOf(CheckpointError);
          expect(error.code).toBe('DISK_WRITE');
          expect(error.message).toMatch(reason);
          expect(error.message).not.toContain('\n');
        }
        // A save that said nothing has saved.
        const latest = await folderStorage(root).latest();
        expect([content(1), content(2)]).toContainEqual(latest);
        if (!error) expect(latest).toEqual(content(2));
        // Nothing else lies about: half a checkpoint would keep the disk full.
        for (const name of await readdir(root)) {
          expect(name).toMatch(/^step-\d{8}$/);
          await expect(loadCheckpoint(join(root, name))).resolves.toBeDefined();
        }
      }
      // Only tidying up after the save may fail without a word.
      expect(failures).toBeGreaterThanOrEqual(total - 2);
    },
  );

  test('a crash at any operation leaves no half checkpoint, and the next save clears up', async () => {
    const total = await operationsOf(disk => folderStorage(root, { fileSystem: disk }).save(2, content(2)));
    for (let at = 0; at < total; at++) {
      await rm(root, { recursive: true, force: true });
      await folderStorage(root).save(1, content(1));
      await folderStorage(root, { fileSystem: failingDisk(at, 'EIO', true) })
        .save(2, content(2))
        .catch(() => {});
      expect([content(1), content(2)]).toContainEqual(await folderStorage(root).latest());
      expect([content(1), content(2)]).toContainEqual(await loadCheckpoint(root));
      await folderStorage(root).save(3, content(3));
      const names = (await readdir(root)).sort();
      expect(
        names.every(name => /^step-\d{8}$/.test(name)),
        names.join(),
      ).toBe(true);
      expect(await loadCheckpoint(root)).toEqual(content(3));
    }
  });

  test('a step that is saved again: at any failure the folder holds the old content or the new', async () => {
    const again = (disk: FileSystem) => folderStorage(root, { fileSystem: disk }).save(1, content(1, 1));
    await folderStorage(root).save(1, content(1));
    const total = await operationsOf(again);
    for (let at = 0; at < total; at++) {
      await rm(root, { recursive: true });
      await folderStorage(root).save(1, content(1));
      await again(failingDisk(at, 'ENOSPC')).catch(() => {});
      expect([content(1), content(1, 1)]).toContainEqual(await folderStorage(root).latest());
    }
    await again(nodeFileSystem);
    expect(await folderStorage(root).latest()).toEqual(content(1, 1));
    expect(await readdir(root)).toEqual(['step-00000001']);
  });

  test('a step that is saved again with the same content is left alone, crash or not', async () => {
    const again = (disk: FileSystem) => folderStorage(root, { fileSystem: disk }).save(1, content(1));
    await folderStorage(root).save(1, content(1));
    const total = await operationsOf(again);
    for (let at = 0; at < total; at++) {
      await again(failingDisk(at, 'EIO', true)).catch(() => {});
      expect(await folderStorage(root).latest()).toEqual(content(1));
    }
  });
});
