import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SimVlmConfig } from '../src/index';
import { kinds } from './kinds';
import { plainImageStates } from './plain-model';
import { architectures, backends, largestDifference, livelyModel, tinyBatch, useBackend } from './tiny';

/** SimVLM itself with a patcher and positions that the plain loops know. */
const plainPictures: Partial<SimVlmConfig> = {
  patcher: { ...kinds['ViT-GPT2'].patcher!, kind: 'vit', activation: 'gelu' },
  imagePositions: { added: false, relative: false },
  block: { epsilon: 1e-3 },
};
const models: Record<string, Partial<SimVlmConfig>> = {
  ...kinds,
  ...Object.fromEntries(
    architectures.map(architecture => [architecture, { ...plainPictures, architecture }]),
  ),
};

const { pixels } = tinyBatch([{ text: [] }, { text: [] }, { text: [] }]).images!;
const picture = (row: number) => pixels.slice(192 * row, 192 * row + 192);

describe.each(backends)('features on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(Object.entries(models))(
    '%s: the mean of plain loops over the grid, without the class token',
    async (_, change) => {
      const model = livelyModel(change);
      const weights = new Map(
        [...model.params].map(([name, value]) => [name, Float64Array.from(value.dataSync())]),
      );
      const { width, values } = await model.features(pixels);
      expect(values.length).toBe(3 * width);
      for (let row = 0; row < 3; row++) {
        const grid = plainImageStates(model.config, weights, picture(row)).slice(1);
        expect(grid.length).toBe(4);
        const mean = grid[0]!.map((_, c) => grid.reduce((sum, token) => sum + token[c]!, 0) / 4);
        expect(largestDifference(values.subarray(row * width, (row + 1) * width), mean)).toBeLessThan(2e-5);
      }
      model.dispose();
    },
  );

  test.each(architectures)(
    '%s: a picture alone has the vector that it has among others',
    async architecture => {
      const model = livelyModel({ architecture });
      const { width, values } = await model.features(pixels);
      expect(width).toBe(16);
      for (let row = 0; row < 3; row++) {
        const alone = await model.features(picture(row));
        expect(largestDifference(alone.values, values.subarray(row * 16, row * 16 + 16))).toBeLessThan(1e-6);
      }
      model.dispose();
    },
  );

  test('of the encoder-decoder they are the encoder alone: no weight of the decoder or of words matters', async () => {
    const model = livelyModel();
    const { values } = await model.features(pixels);
    for (const [name, variable] of model.params)
      if (!/^(patcher|encoder|positions\.image)/.test(name))
        tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    expect((await model.features(pixels)).values).toEqual(values);
    model.dispose();
  });

  test.each(architectures)('%s: the relative bias of the image counts', async architecture => {
    const model = livelyModel({ architecture });
    const { values } = await model.features(pixels);
    for (const [name, variable] of model.params)
      if (name.includes('relative')) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    expect(largestDifference((await model.features(pixels)).values, values)).toBeGreaterThan(1e-3);
    model.dispose();
  });

  test('memory is constant', async () => {
    const model = livelyModel({ architecture: 'decoder-only' });
    await model.features(pixels);
    const { numTensors, numBytes } = tf.memory();
    for (let i = 0; i < 3; i++) await model.features(pixels);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    model.dispose();
  });

  test('pictures of another size, and what is no byte, are refused', async () => {
    const model = livelyModel();
    await expect(model.features(new Uint8Array(193))).rejects.toThrow(
      'features: images must be uint8[B, 8, 8, 3] of one picture or more, got 193 numbers',
    );
    await expect(model.features(new Uint8Array(0))).rejects.toThrow('got 0 numbers');
    await expect(model.features(new Float32Array(192) as never)).rejects.toThrow('images must be bytes');
    model.dispose();
  });
});
