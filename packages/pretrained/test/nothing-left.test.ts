import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { expect, test } from 'vitest';
import { failingDisk, temporaryFolder } from '../../checkpoint/test/disk';
import { importFolder } from '../src/node';
import { configs, filesOf, folderOf, tensorsOf } from './small-folder';

test('a disk that is full at any operation: a typed error, and nothing is left', async () => {
  const root = await temporaryFolder();
  const out = join(root, 'imported');
  let failures = 0;
  for (let at = 0; ; at++) {
    const disk = failingDisk(at, 'ENOSPC');
    try {
      await importFolder(folderOf(), out, { fileSystem: disk });
      break;
    } catch (error) {
      expect(error).toMatchObject({
        code: 'DISK_WRITE',
        message: expect.stringContaining('the disk is full'),
      });
      expect(await readdir(root)).toEqual([]);
      failures++;
    }
  }
  // Folder, four or more files each made, written and synced, the rename.
  expect(failures).toBeGreaterThan(15);
  expect((await openCheckpoint(out)).names).toContain('weights.safetensors');
});

test('weights that turn out to be damaged at their end: nothing is left', async () => {
  const root = await temporaryFolder();
  const tensors = tensorsOf(configs.git);
  tensors.get('output.bias')!.values[8] = Number.POSITIVE_INFINITY;
  const files = folderOf(filesOf(configs.git, tensors));
  await expect(importFolder(files, join(root, 'imported'))).rejects.toMatchObject({
    code: 'WEIGHTS_INVALID',
  });
  expect(await readdir(root)).toEqual([]);
});

test('what is there already is not touched', async () => {
  const root = await temporaryFolder();
  await importFolder(folderOf(), join(root, 'imported'));
  const before = await readdir(join(root, 'imported'));
  await expect(importFolder(folderOf(), join(root, 'imported'))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  expect(await readdir(join(root, 'imported'))).toEqual(before);
});
