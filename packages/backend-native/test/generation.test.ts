import type { GenerateRequest } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { architectures, talkativeModel, tinyBatch, useBackend } from '../../model/test/tiny';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

const pixels = tinyBatch([{ text: [] }, { text: [] }, { text: [] }]).images!.pixels;
const prompts = [Int32Array.of(), Int32Array.of(5, 6, 7), Int32Array.of(9)];

const requests: [string, GenerateRequest][] = [
  ['greedy texts', {}],
  ['greedy texts under rules', { repetitionPenalty: 1.5, noRepeatNgram: 2, minLength: 2 }],
  [
    'samples of the likeliest tokens',
    { sampler: { kind: 'top-k', k: 4, temperature: 2, seed: 1 }, captions: 3 },
  ],
  ['samples of the nucleus', { sampler: { kind: 'top-p', p: 0.9, temperature: 2, seed: 1 }, captions: 2 }],
  ['beams', { sampler: { kind: 'beam', beams: 4 }, captions: 4 }],
  ['beams under rules', { sampler: { kind: 'beam', beams: 3, lengthPenalty: 0.5 }, noRepeatNgram: 1 }],
];

describeNative('generation, whose steps are captured', () => {
  beforeAll(async () => {
    await useBackend('wasm');
    await registerNativeBackend({ device: 'cpu', threads: 1 });
  });

  const generated = async (
    backend: string,
    architecture: (typeof architectures)[number],
    request: GenerateRequest,
  ) => {
    await tf.setBackend(backend);
    const model = talkativeModel({ architecture }, 2);
    const before = tf.memory().numTensors;
    const made = await model.generate({ images: pixels, prompts, ...request });
    const again = await model.generate({ images: pixels, prompts, ...request });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    return { made, again };
  };

  test.each(
    architectures.flatMap(architecture => requests.map(request => [architecture, ...request] as const)),
  )('%s: %s are those of the wasm backend, and leave nothing behind', async (architecture, _, request) => {
    const native = await generated('native', architecture, request);
    const wasm = await generated('wasm', architecture, request);
    for (const made of [native.made, native.again]) {
      expect(made.map(({ tokens }) => [...tokens])).toEqual(wasm.made.map(({ tokens }) => [...tokens]));
      for (const [i, { tokenLogProbs, finished }] of made.entries()) {
        expect(finished).toBe(wasm.made[i]!.finished);
        for (const [t, value] of tokenLogProbs.entries())
          expect(value).toBeCloseTo(wasm.made[i]!.tokenLogProbs[t]!, 4);
      }
    }
  });
});
