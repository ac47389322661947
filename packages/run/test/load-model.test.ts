import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkpointFolder } from '@simvlm/checkpoint-emoji';
import { decodeImage } from '@simvlm/image';
import { type LoadProgress, loadModel } from '@simvlm/run';
import { expect, test } from 'vitest';
import { serve } from '../../bytes/test/serve';

const folder = fileURLToPath(checkpointFolder);
const bundled = new Map(readdirSync(folder).map(name => [name, readFileSync(join(folder, name))]));
const horse = readFileSync(
  fileURLToPath(new URL('../../checkpoint-emoji/samples/horse.png', import.meta.url)),
);
const quick = { backend: 'wasm', delays: [] } as const;

test('a model is loaded from its address with progress, and captions files, addresses and pixels alike', async () => {
  const { url } = await serve(new Map<string, Uint8Array>([...bundled, ['horse.png', horse]]));
  const told: LoadProgress[] = [];
  const model = await loadModel(url, { ...quick, onProgress: progress => told.push(progress) });
  const of = bundled.get('weights.safetensors')!.length;
  expect(told.at(-1)).toEqual({ bytes: of, of });
  expect(told.map(({ bytes }) => bytes)).toEqual(told.map(({ bytes }) => bytes).sort((a, b) => a - b));
  const pictures = [
    new Blob([horse]),
    `${url}/horse.png`,
    new URL(`${url}/horse.png`),
    await decodeImage(horse),
  ];
  const captions = await model.caption(pictures);
  expect(captions.map(({ picture }) => picture)).toEqual([0, 1, 2, 3]);
  expect(captions[0]!.text).not.toBe('');
  expect(new Set(captions.map(({ text }) => text)).size).toBe(1);
  model.dispose();
});

test('a picture that is not there, or is none, is an error that names it', async () => {
  const { url } = await serve(bundled);
  const model = await loadModel(url, quick);
  await expect(model.caption([`${url}/none.png`])).rejects.toThrow(
    expect.objectContaining({ code: 'IMAGE_UNREADABLE', message: expect.stringMatching(/none\.png.*404/) }),
  );
  await expect(model.caption([`${url}/model.json`])).rejects.toThrow('not a picture');
  model.dispose();
});

test('an address that leads to no checkpoint is refused before a backend is picked', async () => {
  const { url } = await serve(new Map());
  await expect(loadModel(url, { ...quick, backend: 'none' })).rejects.toThrow(
    expect.objectContaining({ code: 'CHECKPOINT_NOT_FOUND' }),
  );
  await expect(loadModel('not an address')).rejects.toThrow('is no address of a checkpoint');
});
