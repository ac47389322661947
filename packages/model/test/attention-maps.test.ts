import { Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SimVlm } from '../src/index';
import { architectures, livelyModel, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

const stream = Random.fromSeed(5);
const image = Uint8Array.from({ length: 8 * 8 * 3 }, () => stream.integer(256));
const rows = (maps: Float32Array) =>
  Array.from({ length: maps.length / 4 }, (_, t) => [...maps.slice(4 * t, 4 * t + 4)]);

describe.each(architectures)('%s', architecture => {
  test('each token has a map over the grid that sums to 1', async () => {
    const model = livelyModel({ architecture });
    const { tokens, grid, maps } = await model.attentionMaps(image, Int32Array.of(7, 8, 9, 3));
    expect({ tokens, grid }).toEqual({ tokens: 4, grid: { height: 2, width: 2 } });
    for (const row of rows(maps)) expect(row.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
    model.dispose();
  });

  test('the map of a token depends on the tokens before it, and on none after', async () => {
    const model = livelyModel({ architecture });
    const one = rows((await model.attentionMaps(image, Int32Array.of(7, 8, 9, 3))).maps);
    const other = rows((await model.attentionMaps(image, Int32Array.of(7, 8, 12, 3))).maps);
    expect(other.slice(0, 3)).toEqual(one.slice(0, 3));
    expect(other[3]).not.toEqual(one[3]);
    model.dispose();
  });

  test('a query that asks for nothing looks everywhere alike', async () => {
    const model = livelyModel({ architecture });
    for (const [name, variable] of model.params)
      if (name.includes('.query.')) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    const { maps } = await model.attentionMaps(image, Int32Array.of(7, 3));
    for (const value of maps) expect(value).toBeCloseTo(0.25, 6);
    model.dispose();
  });

  test('nothing is left in memory, and what does not fit is refused by size', async () => {
    const model = SimVlm.create(tinyConfig({ architecture }));
    const before = tf.memory().numTensors;
    await model.attentionMaps(image, Int32Array.of(7, 3));
    await expect(model.attentionMaps(image, Int32Array.of())).rejects.toThrow('at least one token');
    await expect(model.attentionMaps(image, new Int32Array(11).fill(7))).rejects.toThrow('11');
    await expect(model.attentionMaps(image.slice(3), Int32Array.of(7, 3))).rejects.toThrow('189');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
