import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOf } from '@simvlm/checkpoint';
import { addToCheckpoint, openCheckpoint, writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { afterAll, beforeAll, expect, test } from 'vitest';

const bytes = (text: string) => new TextEncoder().encode(text);
let parent: string;
let folder: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'simvlm-add-'));
  folder = join(parent, 'checkpoint');
  await writeCheckpointFolder(folder, new Map([['model.json', bytes('{}')]]));
});
afterAll(() => rm(parent, { recursive: true }));

test('a file is added to a checkpoint, replaced, and verified like the others', async () => {
  for (const text of ['one', 'another']) {
    await addToCheckpoint(folder, 'more.json', bytes(text));
    const checkpoint = await openCheckpoint(folder);
    expect(checkpoint.names).toEqual(['model.json', 'more.json']);
    expect(new TextDecoder().decode(await fileOf(checkpoint, 'more.json'))).toBe(text);
  }
});

test('a name that leads elsewhere, and a folder that is no checkpoint, are refused', async () => {
  await expect(addToCheckpoint(folder, '../more.json', bytes(''))).rejects.toThrow(
    'cannot hold a file named',
  );
  await expect(addToCheckpoint(parent, 'more.json', bytes(''))).rejects.toThrow('cannot read manifest.json');
});

test('where the file cannot be written the checkpoint goes on without it', async () => {
  await addToCheckpoint(folder, 'more.json', bytes('kept'));
  await rm(join(folder, 'more.json'));
  await writeFile(join(parent, 'file'), '');
  await expect(addToCheckpoint(join(parent, 'file'), 'more.json', bytes(''))).rejects.toThrow();
  await addToCheckpoint(folder, 'more.json', bytes('again'));
  expect(await readFile(join(folder, 'more.json'), 'utf8')).toBe('again');
});
