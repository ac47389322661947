import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GenerateRequest } from '../src/index';
import { kinds } from './kinds';
import { livelyModel, tinyBatch, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));
afterEach(() => vi.restoreAllMocks());

const images = tinyBatch([{ text: [] }]).images!.pixels;
const NO_MEMORY = 'no memory for a cache';

/** The backend has no memory for one of the tensors `[B, Tmax, 2, 8]` that caches are made of. */
function failAtCache(which: number): void {
  const engine = tf.engine();
  const make = engine.makeTensor.bind(engine);
  let made = 0;
  vi.spyOn(engine, 'makeTensor').mockImplementation((values, shape, ...rest) => {
    if (shape.length === 4 && shape[2] === 2 && shape[3] === 8 && ++made === which)
      throw new Error(NO_MEMORY);
    return make(values, shape, ...rest);
  });
}

describe.each<[string, Parameters<typeof livelyModel>[0], GenerateRequest]>([
  ['a text that begins', {}, { images }],
  ['a text that goes on in the stack', { architecture: 'decoder-only' }, { images }],
  ['a text that goes on from a prompt', kinds.BLIP, { images, prompts: [Int32Array.of(5, 6)] }],
])('%s', (_, change, request) => {
  // Of two layers: the keys of the first, its values, the keys and the values of the second.
  test.each([1, 2, 3, 4])(
    'leaves nothing where there is no memory for tensor %d of the caches',
    async which => {
      const model = livelyModel(change);
      const before = tf.memory().numTensors;
      failAtCache(which);
      await expect(model.generate(request)).rejects.toThrow(NO_MEMORY);
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    },
  );
});

// Of two layers, first the caches of the prefix, then their copies for the texts.
test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'candidates leave nothing where there is no memory for tensor %d of the caches',
  async which => {
    const model = livelyModel({ architecture: 'decoder-only' });
    const before = tf.memory().numTensors;
    failAtCache(which);
    const text = Int32Array.of(5, 6, 3);
    await expect(model.scoreCandidates({ images }, [[text, text]])).rejects.toThrow(NO_MEMORY);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  },
);
