import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@simvlm/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { folderStorage, openCheckpoint } from '../src/node';
import { content, failingDisk, filesOf, temporaryFolder } from './disk';
import { errorOf } from './error-of';

let root: string;
beforeEach(async () => {
  root = await temporaryFolder();
});

describe('which checkpoints stay', () => {
  test('the newest `keep`, two by default', async () => {
    const storage = folderStorage(root);
    for (const step of [1, 2, 10]) await storage.save(step, content(step));
    expect((await readdir(root)).sort()).toEqual(['step-00000002', 'step-00000010']);
    const three = folderStorage(root, { keep: { last: 3 } });
    for (const step of [11, 123_456_789]) await three.save(step, content(step));
    expect((await readdir(root)).sort()).toEqual(['step-00000010', 'step-00000011', 'step-123456789']);
    expect(await filesOf(three.latest())).toEqual(content(123_456_789));
  });

  test('the one saved last is the newest, even where checkpoints of later steps lie about', async () => {
    for (const step of [100, 200]) await folderStorage(root).save(step, content(step));
    await folderStorage(root).save(50, content(50));
    expect(await filesOf(openCheckpoint(root))).toEqual(content(50));
  });

  test('the best by a metric stays, and is found by RUN/best', async () => {
    const storage = folderStorage(join(root, 'checkpoints'), { keep: { last: 1, best: true } });
    const save = (step: number, value: number) =>
      storage.save(step, content(step), { metric: { name: 'val/loss', better: 'lower', value } });
    expect(await storage.best()).toBeUndefined();
    for (const [step, value] of [
      [10, 3],
      [20, 1],
      [30, 2],
      [40, Number.NaN],
    ] as const)
      await save(step, value);
    expect((await readdir(join(root, 'checkpoints'))).sort()).toEqual(['step-00000020', 'step-00000040']);
    expect(await filesOf(storage.best())).toEqual(content(20));
    expect(await filesOf(openCheckpoint(join(root, 'best')))).toEqual(content(20));
    expect(await filesOf(openCheckpoint(root))).toEqual(content(40));
    expect(await filesOf(storage.open(20))).toEqual(content(20));
    expect(await storage.open(30)).toBeUndefined();
    expect((await storage.best())!.manifest.metric).toEqual({ name: 'val/loss', better: 'lower', value: 1 });
  });

  test('a run that states no metric has no best one, and says so', async () => {
    await folderStorage(root).save(1, content(1));
    const error = await errorOf(openCheckpoint(join(root, 'best')));
    expect(error.code).toBe('CHECKPOINT_NOT_FOUND');
    expect(error.message).toMatch(/none of its checkpoints states a metric/);
  });

  test('strangers in the folder are left alone', async () => {
    await writeFile(join(root, 'step-notes.txt'), 'mine');
    await writeFile(join(root, '.hidden'), 'mine');
    for (const step of [1, 2, 3]) await folderStorage(root).save(step, content(step));
    expect(await readdir(root)).toEqual(expect.arrayContaining(['step-notes.txt', '.hidden']));
  });

  test('a folder that is not there has no checkpoint; one that cannot be read is an error, not an empty one', async () => {
    expect(await folderStorage(join(root, 'later')).latest()).toBeUndefined();
    const error = await errorOf(folderStorage(root, { fileSystem: failingDisk(0, 'EACCES') }).latest());
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(/EACCES/);
  });

  test('a file named like the manifest cannot be kept', async () => {
    const files = new Map([['manifest.json', new Uint8Array(3)]]);
    expect((await errorOf(folderStorage(root).save(1, files))).message).toMatch(
      /cannot hold a file named manifest/,
    );
    expect(await readdir(root)).toEqual([]);
  });
});

describe('a damaged checkpoint is refused in one line that says what to do', () => {
  const refusal = async (spoil: (folder: string) => Promise<void>) => {
    await folderStorage(root).save(1, content(1));
    const folder = join(root, 'step-00000001');
    await spoil(folder);
    const error = await errorOf(filesOf(folderStorage(root).latest()));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.code).toBe('CHECKPOINT_INVALID');
    expect(error.message).not.toContain('\n');
    expect(error.message).toContain(folder);
    expect((await errorOf(filesOf(openCheckpoint(folder)))).message).toBe(error.message);
    return error.message;
  };
  const manifest = (text: string) => (folder: string) => writeFile(join(folder, 'manifest.json'), text);

  test.each<[string, (folder: string) => Promise<void>, RegExp]>([
    [
      'a file that is cut off',
      async folder => {
        const file = join(folder, 'trainer.json');
        await writeFile(file, (await readFile(file)).subarray(0, 40));
      },
      /trainer.json has 40 bytes instead of \d+: it is cut off; use another checkpoint/,
    ],
    [
      'a changed byte',
      async folder => {
        const file = join(folder, 'weights.safetensors');
        const bytes = await readFile(file);
        bytes[30]! ^= 1;
        await writeFile(file, bytes);
      },
      /weights.safetensors was changed after it was written/,
    ],
    ['a missing file', folder => unlink(join(folder, 'trainer.json')), /cannot read trainer.json \(ENOENT\)/],
    [
      'a missing manifest',
      folder => unlink(join(folder, 'manifest.json')),
      /cannot read manifest.json \(ENOENT\)/,
    ],
    ['a manifest that is cut off', manifest('{"format": 1, "fil'), /manifest.json: not JSON/],
    ['a manifest of a later format', manifest('{"format": 2, "files": {}}'), /not of format 1/],
    ['a manifest that is null', manifest('null'), /not of format 1/],
    [
      'a manifest whose metric has no value',
      manifest(
        '{"format": 1, "metric": {"name": "x", "better": "lower"}, "files": {"a": {"bytes": 1, "sha256": ""}}}',
      ),
      /has a "metric" without name, better or value/,
    ],
    ['a manifest without files', manifest('{"format": 1}'), /does not say which files/],
    [
      'a manifest with an empty entry',
      manifest('{"format": 1, "files": {"a": null}}'),
      /does not give bytes and sha256 of "a"/,
    ],
    [
      'a manifest that leads out of the folder',
      manifest('{"format": 1, "files": {"../x": {"bytes": 1, "sha256": ""}}}'),
      /names "..\/x", which is no file name/,
    ],
  ])('%s', async (_, spoil, message) => {
    expect(await refusal(spoil)).toMatch(message);
  });

  test('no checkpoint at all', async () => {
    for (const path of [root, join(root, 'nowhere')]) {
      const error = await errorOf(openCheckpoint(path));
      expect(error).toBeInstanceOf(CheckpointError);
      expect(error.code).toBe('CHECKPOINT_NOT_FOUND');
    }
  });

  test('a checkpoint is found by its folder, by the folder of them and by the folder of the run', async () => {
    await folderStorage(join(root, 'checkpoints')).save(7, content(7));
    for (const path of [root, join(root, 'checkpoints'), join(root, 'checkpoints', 'step-00000007')])
      expect(await filesOf(openCheckpoint(path))).toEqual(content(7));
  });
});
