/**
 * The shipped model says that it does not know photographs, which it was never trained on, and stands by what it names rightly of an artist whom it
 * has never seen.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { registerWasmBackend } from '@simvlm/backend-wasm';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { isCore, prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { exactMatch } from '@simvlm/eval';
import { decodeImage } from '@simvlm/image';
import { type Captioner, openCaptioner } from '@simvlm/run';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkpointFolder } from '../src/index';

let model: Captioner;

beforeAll(async () => {
  await registerWasmBackend({ threads: 1 });
  await tf.setBackend('wasm');
  model = await openCaptioner(await openCheckpoint(fileURLToPath(checkpointFolder)));
});

afterAll(() => model.dispose());

test('it is unsure about at least 80 % of photographs', async () => {
  const folder = new URL('photographs/', import.meta.url);
  const files = readdirSync(folder).filter(name => name.endsWith('.jpg'));
  const pictures = await Promise.all(files.map(name => decodeImage(readFileSync(new URL(name, folder)))));
  const captions = await model.caption(pictures);
  expect(captions).toHaveLength(40);
  const sure = captions.filter(({ unsure }) => !unsure);
  expect(
    sure.length,
    sure.map(({ picture, text }) => `${files[picture]}: ${text}`).join('\n'),
  ).toBeLessThanOrEqual(8);
});

test('it is unsure about at most 10 % of what it names rightly of an unseen artist', async () => {
  const { unseenArtist } = await prepareEmojiDataset({ size: 48, limit: 250 });
  const items = [...unseenArtist.items.keys()].filter(index => isCore(unseenArtist.items[index]!));
  const examples = await Promise.all(items.map(index => unseenArtist.get(index)));
  const captions = await model.caption(examples.map(({ image }) => image!));
  const right = captions.filter(({ picture, text }) => exactMatch(text, examples[picture]!.text));
  expect(right.length).toBeGreaterThan(50);
  expect(right.filter(({ unsure }) => unsure).length / right.length).toBeLessThanOrEqual(0.1);
});
