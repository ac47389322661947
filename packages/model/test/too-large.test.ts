import { type Checkpoint, FILES, jsonFile, memoryCheckpoint } from '@simvlm/checkpoint';
import { BackendError, parameterCount } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { modelParameters, openSimVlm, presets, SimVlm, type SimVlmConfig } from '../src/index';
import { useBackend } from './tiny';

const config = (name: string): SimVlmConfig => ({
  ...presets[name]!,
  vocabSize: 32_000,
  tokens: { pad: 0, bos: 2, eos: 3 },
});

const MESSAGE =
  /^the weights of this model take 6\.3 GiB, and the backend 'wasm' has 4\.0 GiB for everything; use the backend 'native'/;

/** A checkpoint of which the configuration is there; what else is asked for is written down and fails. */
function configurationAlone(model: SimVlmConfig) {
  const asked: string[] = [];
  const own = memoryCheckpoint(new Map([[FILES.model, jsonFile(model)]]));
  const checkpoint: Checkpoint = {
    where: 'the run',
    names: [FILES.model, 'weights.safetensors'],
    async file(name) {
      asked.push(name);
      if (name !== FILES.model) throw new Error('weights were opened');
      return own.file(name);
    },
    async verify(name) {
      if (name !== FILES.model) throw new Error('weights were read to verify them');
    },
  };
  return { asked, checkpoint };
}

describe('a model with more weights than WebAssembly has addresses', () => {
  beforeAll(() => useBackend('wasm'));

  test('is refused before a file of weights is opened, with both numbers and a way out', async () => {
    const { numTensors, numBytes } = tf.memory();
    const { asked, checkpoint } = configurationAlone(config('huge'));
    const error = await openSimVlm(checkpoint).catch(error => error);
    expect(error).toBeInstanceOf(BackendError);
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY', message: expect.stringMatching(MESSAGE) });
    expect(asked).toEqual([FILES.model]);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  test('is not made anew, either', () => {
    const { numTensors } = tf.memory();
    expect(() => SimVlm.create(config('huge'))).toThrow(MESSAGE);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('while the next smaller one is not refused for its size', async () => {
    expect(4 * parameterCount(modelParameters(config('large')))).toBeLessThan(2 ** 32);
    const { asked, checkpoint } = configurationAlone(config('large'));
    await expect(openSimVlm(checkpoint)).rejects.toThrow('weights were opened');
    expect(asked).toEqual([FILES.model, 'weights.safetensors']);
  });

  test('is not refused by a backend that knows no limit', async () => {
    await useBackend('cpu');
    const { checkpoint } = configurationAlone(config('huge'));
    await expect(openSimVlm(checkpoint)).rejects.toThrow('weights were opened');
  });
});
