import { ConfigError } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { AdamW, parameterRates, resolveTrainConfig, type TrainConfig } from '../src/index';
import { baseConfig, run, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

/** The weights after one step whose gradients are all alike, and the rates that it was taken with. */
async function step(change: Partial<TrainConfig>, learningRate = 0.1) {
  const config = resolveTrainConfig({ ...baseConfig, weightDecay: 0.3, ...change });
  const model = SimVlm.create(tinyConfig(), { seed: 1 });
  const rates = parameterRates(prefixLmLearner(model), config);
  const optimizer = new AdamW(model.params, config, rates);
  const gradients = model.params.map(variable => tf.fill(variable.shape, 0.01) as tf.Tensor);
  await optimizer.apply(gradients, learningRate);
  const weights = model.params.map(variable => variable.dataSync().slice());
  tf.dispose(gradients.values());
  optimizer.dispose();
  model.dispose();
  return { weights, rates };
}

describe('layer-wise decay', () => {
  test('gives each parameter a learning rate of its own, decay of weights included', async () => {
    const { weights, rates } = await step({ layerDecay: 0.5 });
    const factors = new Set([...rates.values()].map(({ learningRate }) => learningRate));
    expect(factors).toEqual(new Set([1, 0.5, 0.25, 0.125]));
    for (const factor of factors) {
      const alone = (await step({}, 0.1 * factor)).weights;
      for (const name of weights.names().filter(name => rates.get(name)!.learningRate === factor))
        expect(weights.get(name), name).toEqual(alone.get(name));
    }
  });

  test('of 1 changes nothing, another one the training', async () => {
    const plain = await run();
    expect((await run({ config: { layerDecay: 1 } })).weights).toEqual(plain.weights);
    const decayed = await run({ config: { layerDecay: 0.7 } });
    expect(decayed.losses[0]).toBe(plain.losses[0]);
    expect(decayed.losses.at(-1)).not.toBe(plain.losses.at(-1));
  });

  test.each([0, -0.5, 1.1, '1'])('of %j is refused by its name', layerDecay => {
    expect(() => resolveTrainConfig({ ...baseConfig, layerDecay: layerDecay as number })).toThrow(
      '"layerDecay" must be a number above 0 and at most 1',
    );
  });
});

describe('a group of parameters', () => {
  test('has its own rates, beside layer-wise decay; the first that matches counts', async () => {
    const groups = [
      { match: ['patcher.*', 'positions.text'], learningRate: 0.5 },
      { match: ['patcher.*', 'decoder.*'], learningRate: 9, weightDecay: 0 },
    ];
    const { rates } = await step({ groups, layerDecay: 0.5 });
    const of = (name: string) => rates.get(name);
    expect(of('patcher.out.weight')).toEqual({ learningRate: 0.0625, weightDecay: 0.3 });
    expect(of('decoder.norm.gamma')).toEqual({ learningRate: 9, weightDecay: 0 });
    expect(of('embedding.weight')).toEqual({ learningRate: 0.125, weightDecay: 0.3 });
  });

  test('is stepped with them, and the others as without it', async () => {
    const grouped = await step({ groups: [{ match: ['encoder.*'], learningRate: 0.5, weightDecay: 0.1 }] });
    const [half, whole] = [(await step({ weightDecay: 0.1 }, 0.05)).weights, (await step({})).weights];
    for (const [name, values] of grouped.weights)
      expect(values, name).toEqual((name.startsWith('encoder.') ? half : whole).get(name));
  });

  test.each<[unknown, string]>([
    ['patcher.*', '"groups" must be a list of groups such as'],
    [[{ learningRate: 1 }], 'groups[0] needs "match", a list of names of parameters'],
    [[{ match: [] }], 'groups[0] needs "match"'],
    [[{ match: ['a'] }, { match: ['b'], rate: 2 }], 'groups[1]: unknown key "rate"'],
    [[{ match: ['a'], learningRate: -1 }], 'groups[0]: "learningRate" must be a number ≥ 0'],
  ])('%j is refused by its place', (groups, message) => {
    const resolve = () => resolveTrainConfig({ ...baseConfig, groups: groups as never });
    expect(resolve).toThrow(ConfigError);
    expect(resolve).toThrow(message);
  });

  test('that matches no parameter is refused', async () => {
    await expect(run({ config: { groups: [{ match: ['patches.*'] }] } })).rejects.toThrow(
      '"groups": no parameter matches "patches.*"; names are such as ',
    );
  });
});
