import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@simvlm/core';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type FileSystem, folderStorage, openCheckpoint } from '../src/node';
import { content, failingDisk, filesOf, hastyDisk, temporaryFolder } from './disk';

let root: string;
beforeEach(async () => {
  root = await temporaryFolder();
});

let points = 0;
afterAll(() => console.log(`${points} points of failure covered`));

/** What is on the disk before the operation under test. */
async function prepared(): Promise<void> {
  await rm(root, { recursive: true, force: true });
  await folderStorage(root, { fileSystem: hastyDisk }).save(1, content(1));
}

/** Every place at which `action` can be interrupted, on a disk that was prepared anew. */
async function* everyPoint(
  action: (disk: FileSystem) => Promise<unknown>,
  prepare = prepared,
): AsyncGenerator<number> {
  await prepare();
  const disk = failingDisk(-1, '');
  await action(disk);
  for (let at = 0; at < disk.count; at++) {
    await prepare();
    points++;
    yield at;
  }
}

const latest = () => filesOf(folderStorage(root).latest());

/** No folder that looks like a checkpoint is half of one. */
async function allReadable(): Promise<void> {
  for (const name of await readdir(root))
    if (/^step-/.test(name)) await filesOf(openCheckpoint(join(root, name)));
}

describe('a disk that fails', () => {
  const save = (disk: FileSystem) => folderStorage(root, { fileSystem: disk }).save(2, content(2));

  test.each([
    ['ENOSPC', /the disk is full: it takes \d+ bytes and .* are free; free some space/],
    ['EACCES', /permission denied/],
    ['EROFS', /read-only/],
    ['EIO', /the disk reports an error \(EIO\)/],
  ])(
    '%s at any operation of a save: a typed error in one line, and the earlier checkpoint still loads',
    async (code, reason) => {
      let failures = 0;
      let total = 0;
      for await (const at of everyPoint(save)) {
        total++;
        const error = await save(failingDisk(at, code)).then(
          () => undefined,
          thrown => thrown,
        );
        if (error) {
          failures++;
          expect(error).toBeInstanceOf(CheckpointError);
          expect(error.message).not.toContain('\n');
          if (error.code === 'DISK_WRITE') expect(error.message).toMatch(reason);
          // Reading what is there comes first.
          else expect(error.message).toContain(`cannot read the folder ${root} (${code})`);
        }
        expect(await latest()).toEqual(await expected(error));
        // Nothing else lies about: half a checkpoint would keep the disk full.
        for (const name of await readdir(root)) expect(name).toMatch(/^step-\d{8}$/);
        await allReadable();
      }
      expect(total).toBeGreaterThan(15);
      expect(failures).toBeGreaterThan(10);
    },
  );

  /** A save that said nothing has saved; one that failed may have got as far as its place, or not. */
  async function expected(error: unknown): Promise<unknown> {
    if (!error) return content(2);
    const names = await readdir(root);
    return names.includes('step-00000002') ? content(2) : content(1);
  }

  test('a crash at any operation of a save leaves no half checkpoint, and the next save clears up', async () => {
    for await (const at of everyPoint(save)) {
      await save(failingDisk(at, 'EIO', true)).catch(() => {});
      expect([content(1), content(2)]).toContainEqual(await latest());
      await allReadable();
      await folderStorage(root, { fileSystem: hastyDisk }).save(3, content(3));
      for (const name of await readdir(root)) expect(name).toMatch(/^step-\d{8}$/);
      expect(await latest()).toEqual(content(3));
    }
  });

  test('a crash at any operation of a removal leaves no half checkpoint', async () => {
    const prepare = async () => {
      await prepared();
      await folderStorage(root, { fileSystem: hastyDisk }).save(2, content(2));
    };
    const saveAndRemove = (disk: FileSystem) =>
      folderStorage(root, { fileSystem: disk, keep: { last: 1 } }).save(3, content(3));
    for await (const at of everyPoint(saveAndRemove, prepare)) {
      await saveAndRemove(failingDisk(at, 'EIO', true)).catch(() => {});
      expect([content(2), content(3)]).toContainEqual(await latest());
      await allReadable();
      await folderStorage(root, { keep: { last: 1 }, fileSystem: hastyDisk }).save(4, content(4));
      expect(await readdir(root)).toEqual(['step-00000004']);
    }
  });

  test('a step that is saved again: at any crash the old content or the new is there, even where one is kept', async () => {
    const again = (disk: FileSystem) =>
      folderStorage(root, { fileSystem: disk, keep: { last: 1 } }).save(1, content(1, 1));
    for (const forever of [false, true])
      for await (const at of everyPoint(again)) {
        await again(failingDisk(at, 'ENOSPC', forever)).catch(() => {});
        expect([content(1), content(1, 1)]).toContainEqual(await latest());
        await allReadable();
        await again(hastyDisk);
        expect(await latest()).toEqual(content(1, 1));
        expect(await readdir(root)).toEqual(['step-00000001']);
      }
  });

  test('a step that is saved again with the same content is there, crash or not', async () => {
    const again = (disk: FileSystem) => folderStorage(root, { fileSystem: disk }).save(1, content(1));
    for await (const at of everyPoint(again)) {
      await again(failingDisk(at, 'EIO', true)).catch(() => {});
      expect(await latest()).toEqual(content(1));
    }
  });

  test('a crash at any operation of going back: the newest is the later checkpoint or the earlier one', async () => {
    const prepare = async () => {
      await prepared();
      await folderStorage(root, { fileSystem: hastyDisk }).save(2, content(2));
    };
    const goBack = async (disk: FileSystem) => {
      const earlier = await openCheckpoint(join(root, 'step-00000001'));
      return folderStorage(root, { fileSystem: disk }).goBackTo(earlier);
    };
    for await (const at of everyPoint(goBack, prepare)) {
      await goBack(failingDisk(at, 'EIO', true)).catch(() => {});
      expect([content(1), content(2)]).toContainEqual(await latest());
      await goBack(hastyDisk);
      expect(await latest()).toEqual(content(1));
    }
  });
});
