/**
 * The shipped model computes the same on every backend: logits of samples with their true captions, and greedy captions.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { registerNativeBackend } from '@simvlm/backend-native';
import { registerWasmBackend } from '@simvlm/backend-wasm';
import { fileOf } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { collate, imagePixels, textTokens } from '@simvlm/data';
import { centerCrop, decodeImage } from '@simvlm/image';
import { openSimVlm } from '@simvlm/model';
import { loadTokenizer } from '@simvlm/tokenizer';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { ready as readyWebGpu } from '../../backend-webgpu/test/node';
import { checkpointFolder, samplesFolder } from '../src/index';

interface Outcome {
  /** `[rows, L, V]` */
  readonly logits: Float32Array;
  readonly captions: readonly string[];
}

/** What the model makes of the first samples on a backend. */
async function outcome(backend: string, samples: number): Promise<Outcome> {
  await tf.setBackend(backend);
  const checkpoint = await openCheckpoint(fileURLToPath(checkpointFolder));
  const tokenizer = loadTokenizer(await fileOf(checkpoint, 'tokenizer.model'));
  const model = await openSimVlm(checkpoint, { tokenizer });
  const captions: Record<string, string> = JSON.parse(
    readFileSync(new URL('captions.json', samplesFolder), 'utf8'),
  );
  const { imageSize, maxTextLength } = model.config;
  const rows = await Promise.all(
    Object.entries(captions)
      .slice(0, samples)
      .map(async ([file, text]) => ({
        id: file,
        tokens: textTokens(text, tokenizer, maxTextLength),
        prefixLength: 0,
        image: centerCrop(await decodeImage(readFileSync(new URL(file, samplesFolder))), imageSize),
      })),
  );
  expect(rows).toHaveLength(samples);
  const logits = model.logits(collate(rows, { pad: tokenizer.special.pad }));
  const made = await model.generate({ images: imagePixels(rows.map(({ image }) => image)) });
  const result = {
    logits: (await logits.data()) as Float32Array,
    captions: made.map(({ tokens }) => tokenizer.decode(tokens)),
  };
  logits.dispose();
  model.dispose();
  return result;
}

beforeAll(async () => {
  await registerWasmBackend({ threads: 1 });
});

// Plain JavaScript, and WebGPU on the processor, take seconds a picture: they get four of the ten.
const others = [
  { name: 'cpu', samples: 4, ready: async () => {}, test },
  {
    name: 'native',
    samples: 10,
    ready: () => registerNativeBackend({ device: 'cpu', threads: 1 }),
    test: (await needs('libtorch')).test,
  },
  { name: 'webgpu', samples: 4, ready: readyWebGpu, test: (await needs('webgpu')).test },
];

describe.each(others)('$name', ({ name, samples, ready, test }) => {
  test('gives the logits of wasm within 1e-3, and its captions', async () => {
    await ready();
    const wasm = await outcome('wasm', samples);
    const { logits, captions } = await outcome(name, samples);
    expect(logits.length).toBe(wasm.logits.length);
    const error = logits.reduce((most, value, i) => Math.max(most, Math.abs(value - wasm.logits[i]!)), 0);
    expect(error).toBeLessThan(1e-3);
    expect(captions).toEqual(wasm.captions);
  });
});
