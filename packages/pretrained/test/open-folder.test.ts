import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOf } from '@simvlm/checkpoint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPretrainedFolder } from '../src/node';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simvlm-pretrained-'));
  await writeFile(join(folder, 'config.json'), '{"model_type":"git"}');
  await mkdir(join(folder, 'runs'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a folder gives its files, and passes over what is none', async () => {
  const opened = await openPretrainedFolder(folder);
  expect(opened.names).toEqual(['config.json']);
  expect(new TextDecoder().decode(await fileOf(opened, 'config.json'))).toBe('{"model_type":"git"}');
  await expect(opened.file('model.safetensors')).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' });
});

test('a file that was cut off after it was opened is told by name', async () => {
  const opened = await openPretrainedFolder(folder);
  const file = await opened.file('config.json');
  await writeFile(join(folder, 'config.json'), '{}');
  await expect(file.read(0, new Uint8Array(20))).rejects.toThrow('config.json ends after 2 of 20 bytes');
});

test('a link to a file that was deleted is passed over, but not that of a file that makes the model', async () => {
  await symlink('gone', join(folder, 'README.md'));
  expect((await openPretrainedFolder(folder)).names).toEqual(['config.json']);
  const settings = join(folder, 'preprocessor_config.json');
  await symlink('gone', settings);
  await expect(openPretrainedFolder(folder)).rejects.toThrow('cannot read preprocessor_config.json (ENOENT)');
  await unlink(settings);
});

test('a name on the hub that is taken for a folder is told', async () => {
  await expect(openPretrainedFolder('some-one/git-tiny')).rejects.toThrow(
    'on the hub it is hf:some-one/git-tiny',
  );
});

test('a folder that is not there is a typed error', async () => {
  await expect(openPretrainedFolder(join(folder, 'none'))).rejects.toMatchObject({
    code: 'CHECKPOINT_NOT_FOUND',
  });
});
